use spin_sdk::http::{IntoResponse, Request, Response};
use spin_sdk::http_component;

/// What every client is told.
const GREETING: &str = "Hello HAW!! from Fermyon Spin App";

/// Answers one request. Spin makes a fresh instance of the module for it.
#[http_component]
fn answer(request: Request) -> anyhow::Result<impl IntoResponse> {
    println!("{} {}", request.method(), request.path());
    if request.path() == "/trap" {
        panic!("asked to fail");
    }
    Ok(Response::new(200, GREETING))
}
