use spin_sdk::http::{IntoResponse, Request, Response};
use spin_sdk::http_component;

/// Answers both routes of the community's example application.
#[http_component]
fn answer(request: Request) -> anyhow::Result<impl IntoResponse> {
    let text = match request.path() {
        "/go-hello" => "Hello Spin Shim!",
        _ => "Hello world from Spin!",
    };
    Ok(Response::builder()
        .status(200)
        .header("content-type", "text/plain")
        .body(text)
        .build())
}
