//! Tries out what a program may do: the same source for this computer and for WebAssembly.

use std::{env, fs, process};

const USAGE: &str = "usage: explorer [hello | env | read FILE | write FILE TEXT | list FOLDER | peek ADDRESS | crash | loop]";

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["hello"] => {
            let name = env::var("NAME").unwrap_or_else(|_| "explorer".to_string());
            println!("Hello {}, I am one program for every computer.", name);
        }
        ["env"] => {
            for (name, value) in env::vars() {
                println!("{}={}", name, value);
            }
        }
        ["read", file] => print!("{}", or_stop(fs::read_to_string(file), file)),
        ["write", file, text] => {
            or_stop(fs::write(file, format!("{}\n", text)), file);
            println!("wrote {} bytes to {}", text.len() + 1, file);
        }
        ["list", folder] => {
            let mut names: Vec<String> = or_stop(fs::read_dir(folder), folder)
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            for name in names {
                println!("{}", name);
            }
        }
        ["peek", address] => peek(address),
        ["crash"] => process::abort(),
        ["loop"] => {
            println!("counting without end");
            let mut count: u64 = 0;
            loop {
                count = std::hint::black_box(count.wrapping_add(1));
            }
        }
        _ => {
            eprintln!("{}", USAGE);
            process::exit(2);
        }
    }
}

/// Reads one byte of memory at an address that nobody has given to this program.
fn peek(address: &str) {
    let place: usize = match address.parse() {
        Ok(place) => place,
        Err(_) => {
            eprintln!("explorer: {}: not an address", address);
            process::exit(2);
        }
    };
    println!("looking at address {}", place);
    let byte = unsafe { std::ptr::read_volatile(place as *const u8) };
    println!("found {}", byte);
}

fn or_stop<T>(result: std::io::Result<T>, path: &str) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("explorer: {}: {}", path, error);
        process::exit(1);
    })
}
