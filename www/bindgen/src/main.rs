//! `bindgen MODULE.wasm OUT-DIR NAME`: the part of the wasm-bindgen command that this project uses,
//! in a third of its build time.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [module, out, name] = args.as_slice() else {
        eprintln!("usage: bindgen MODULE.wasm OUT-DIR NAME");
        return ExitCode::from(2);
    };
    let result = Bindgen::new()
        .input_path(module)
        .out_name(name)
        .typescript(true)
        .reset_state_function(true)
        .web(true)
        .and_then(|bindgen| bindgen.generate(out));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e:?}");
            ExitCode::FAILURE
        }
    }
}
