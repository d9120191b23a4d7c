use httpcodec::{HttpVersion, ReasonPhrase, Response, StatusCode};
use std::io::{self, Write};
use wasmedge_wasi_socket::{Shutdown, TcpListener, TcpStream};

/// What every client is told.
const GREETING: &str = "Hello HAW!! from WasmEdge App";

fn answer(mut client: TcpStream) -> io::Result<()> {
    let response = Response::new(
        HttpVersion::V1_1,
        StatusCode::new(200).expect("200 is a status code"),
        ReasonPhrase::new("").expect("a reason may be empty"),
        GREETING.to_string(),
    );
    client.write_all(response.to_string().as_bytes())?;
    client.flush()?;
    client.shutdown(Shutdown::Both)
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("0.0.0.0:1234", false)?;
    println!("Http server bound to {}", listener.port.unwrap_or(1234));
    loop {
        let (client, _address) = listener.accept(false)?;
        answer(client)?;
    }
}
