use bytecodec::DecodeExt;
use httpcodec::{BodyDecoder, HttpVersion, ReasonPhrase, RequestDecoder, Response, StatusCode};
use std::io::{self, Read, Write};
use wasmedge_wasi_socket::{Shutdown, TcpListener, TcpStream};

/// The whole request as it came: headers, and as much body as they announce.
fn read_request(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut received = Vec::new();
    let mut chunk = [0u8; 1024];
    loop {
        let count = client.read(&mut chunk)?;
        received.extend_from_slice(&chunk[..count]);
        if count == 0 || is_complete(&received) {
            return Ok(received);
        }
    }
}

fn is_complete(received: &[u8]) -> bool {
    let end = match received.windows(4).position(|four| four == b"\r\n\r\n") {
        Some(position) => position + 4,
        None => return false,
    };
    let announced = String::from_utf8_lossy(&received[..end])
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .unwrap_or(0);
    received.len() >= end + announced
}

fn respond(code: u16, text: String) -> Response<String> {
    Response::new(
        HttpVersion::V1_0,
        StatusCode::new(code).expect("a known status code"),
        ReasonPhrase::new("").expect("a reason may be empty"),
        text,
    )
}

fn serve(mut client: TcpStream) -> io::Result<()> {
    let received = read_request(&mut client)?;
    let mut decoder = RequestDecoder::<BodyDecoder<bytecodec::bytes::Utf8Decoder>>::default();
    let response = match decoder.decode_from_bytes(&received) {
        Ok(request) => respond(200, format!("echo: {}", request.body())),
        Err(problem) => respond(400, problem.to_string()),
    };
    client.write_all(response.to_string().as_bytes())?;
    client.shutdown(Shutdown::Both)
}

fn main() -> io::Result<()> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "1234".to_string());
    println!("new connection at {}", port);
    let listener = TcpListener::bind(format!("0.0.0.0:{}", port), false)?;
    loop {
        let (client, _address) = listener.accept(false)?;
        // One client's trouble is not the next one's.
        let _ = serve(client);
    }
}
