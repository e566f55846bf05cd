//! `/docs`: the API's description as a page for people, made of the description itself. It needs
//! no script, and nothing from elsewhere.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, Value};

use super::etag::unless_same;
use super::service::OPENAPI;

const STYLE: &str = include_str!("docs.css");
/// Where the definitions of shapes lie in the description.
const SCHEMAS: &str = "#/components/schemas/";

/// The routes.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/docs", get(description))
        .route("/docs/style.css", get(style))
}

async fn description(headers: HeaderMap) -> Response {
    unless_same(&headers, "text/html; charset=utf-8", PAGE.as_str())
}

async fn style(headers: HeaderMap) -> Response {
    unless_same(&headers, "text/css", STYLE)
}

static PAGE: LazyLock<String> = LazyLock::new(|| {
    // A test reads it: it is JSON.
    let description: Value = serde_json::from_str(OPENAPI).unwrap_or_default();
    page(&description)
});

fn page(description: &Value) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>bsmv: API</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <link rel=\"stylesheet\" href=\"/docs/style.css\"><main><h1>API of bsmv</h1>",
    );
    paragraph(&mut html, &description["info"]["description"]);
    html += "<p>For programs: <a href=\"/v1/openapi.json\">openapi.json</a></p><nav>";
    let operations = operations(description);
    for operation in &operations {
        let (method, path) = (&operation.method, escaped(operation.path));
        add(
            &mut html,
            format_args!("<a href=\"#{method}-{path}\">{method} {path}</a>"),
        );
    }
    html += "</nav>";
    for operation in &operations {
        section(&mut html, operation);
    }
    html += "<h2 id=\"shapes\">Shapes</h2>";
    for (name, shape) in object(&description["components"]["schemas"]) {
        add(
            &mut html,
            format_args!("<h3 id=\"{0}\">{0}</h3>", escaped(name)),
        );
        paragraph(&mut html, &shape["description"]);
        fields(&mut html, shape);
    }
    html += "</main>";
    html
}

struct Operation<'a> {
    method: String,
    path: &'a str,
    what: &'a Value,
}

fn operations(description: &Value) -> Vec<Operation<'_>> {
    let paths = object(&description["paths"]);
    let all = paths.flat_map(|(path, operations)| {
        object(operations).map(move |(method, what)| Operation {
            method: method.to_uppercase(),
            path,
            what,
        })
    });
    all.collect()
}

fn section(html: &mut String, operation: &Operation) {
    let Operation { method, path, what } = operation;
    let path = escaped(path);
    add(
        html,
        format_args!("<h2 id=\"{method}-{path}\"><b>{method}</b> {path}</h2>"),
    );
    paragraph(html, &what["summary"]);
    paragraph(html, &what["description"]);
    let scope = what["security"][0]["key"][0].as_str();
    let scope = scope.map_or("No key is needed.".to_owned(), |scope| {
        format!("Scope of the key: <code>{}</code>", escaped(scope))
    });
    add(html, format_args!("<p>{scope}</p>"));
    let parameters = what["parameters"].as_array();
    let parameters = parameters.map_or(&[] as &[Value], Vec::as_slice);
    if !parameters.is_empty() {
        *html += "<table><tr><th>parameter<th>in<th>shape<th>what it is";
    }
    for parameter in parameters {
        let [name, place, text] =
            ["name", "in", "description"].map(|key| escaped(text(&parameter[key])));
        let shape = shape_of(&parameter["schema"]);
        let row = format_args!("<tr><td><code>{name}</code><td>{place}<td>{shape}<td>{text}");
        add(html, row);
    }
    if !parameters.is_empty() {
        *html += "</table>";
    }
    for (media, body) in object(&what["requestBody"]["content"]) {
        let shape = shape_of(&body["schema"]);
        add(
            html,
            format_args!("<p>Body: {shape} as <code>{}</code></p>", escaped(media)),
        );
        for (_, example) in object(&body["examples"]) {
            let value = match &example["value"] {
                Value::String(lines) => lines.clone(),
                value => serde_json::to_string_pretty(value).unwrap_or_default(),
            };
            let summary = escaped(text(&example["summary"]));
            let value = escaped(&value);
            add(
                html,
                format_args!(
                    "<figure><figcaption>{summary}</figcaption><pre>{value}</pre></figure>"
                ),
            );
        }
    }
    *html += "<table><tr><th>status<th>shape<th>what it says";
    for (status, answer) in object(&what["responses"]) {
        let shapes: Vec<String> = object(&answer["content"])
            .map(|(_, body)| shape_of(&body["schema"]))
            .collect();
        let (shapes, text) = (shapes.join(", "), escaped(text(&answer["description"])));
        add(
            html,
            format_args!("<tr><td>{}<td>{shapes}<td>{text}", escaped(status)),
        );
    }
    *html += "</table>";
}

/// The fields of a shape, as a table.
fn fields(html: &mut String, shape: &Value) {
    if !shape["properties"].is_object() {
        let shape = shape_of(shape);
        return add(html, format_args!("<p>{shape}</p>"));
    }
    let required: Vec<&str> = shape["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    *html += "<table><tr><th>field<th>shape<th>what it is";
    for (name, field) in object(&shape["properties"]) {
        let must = if required.contains(&name.as_str()) {
            "*"
        } else {
            ""
        };
        let (name, shape) = (escaped(name), shape_of(field));
        let text = escaped(text(&field["description"]));
        let row = format_args!("<tr><td><code>{name}</code>{must}<td>{shape}<td>{text}");
        add(html, row);
    }
    *html += "</table>";
}

/// A shape in one line, with links to those that have a name.
fn shape_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|to| to.strip_prefix(SCHEMAS))
    {
        let name = escaped(name);
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        if let Some(shapes) = schema[key].as_array() {
            let shapes: Vec<String> = shapes.iter().map(shape_of).collect();
            return shapes.join(" or ");
        }
    }
    if schema["items"].is_object() {
        return format!("list of {}", shape_of(&schema["items"]));
    }
    if !schema["const"].is_null() {
        return format!("<code>{}</code>", escaped(&schema["const"].to_string()));
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values
            .iter()
            .map(|value| format!("<code>{}</code>", escaped(&value.to_string())))
            .collect();
        return values.join(" ");
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        kind => text(kind).to_owned(),
    };
    let limit = |key: &str, sign: &str| match &schema[key] {
        Value::Null => String::new(),
        limit => format!(" {sign} {limit}"),
    };
    let limits = [limit("minimum", "&ge;"), limit("maximum", "&le;")].concat();
    format!("{}{limits}", escaped(&kinds))
}

fn paragraph(html: &mut String, words: &Value) {
    if let Some(words) = words.as_str() {
        add(html, format_args!("<p>{}</p>", escaped(words)));
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn add(html: &mut String, what: std::fmt::Arguments) {
    // Writing to a string doesn't fail.
    html.write_fmt(what).ok();
}

/// A text inside HTML or one of its attributes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
