/** Which pages of other origins may ask. */

/**
 * The headers that let the page that asks read the answer.
 *
 * @param {Request} request
 * @param {string | null} [allowed] `*`, or origins with spaces between; without it no other origin may
 * @returns {Record<string, string>}
 */
export function corsHeaders(request, allowed) {
  const origins = (allowed ?? "").split(/\s+/).filter(Boolean);
  if (origins.length === 0) return {};
  if (origins.includes("*")) return { "access-control-allow-origin": "*" };
  const origin = request.headers.get("origin") ?? "";
  // Caches must know that the answer depends on who asks.
  return {
    vary: "Origin",
    ...(origins.includes(origin) && { "access-control-allow-origin": origin }),
  };
}

/**
 * The answer to a browser that asks whether it may ask.
 *
 * @param {Record<string, string>} cors
 * @param {string} methods
 */
export function preflight(cors, methods) {
  const permission = {
    "access-control-allow-methods": methods,
    "access-control-allow-headers": "content-type",
    "access-control-max-age": "86400",
  };
  const headers = { ...cors, ...("access-control-allow-origin" in cors && permission) };
  return new Response(null, { status: 204, headers: { allow: methods, ...headers } });
}
