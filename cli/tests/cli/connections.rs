//! A sandbox of its own under more connections than it has handles for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::{fs, iter};

use super::adreel;

/// A thousand, or as many as one process may have here beside all that the other tests have open.
fn most_connections() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let soft = files.split_whitespace().next().unwrap().parse().unwrap_or(usize::MAX);
    soft.saturating_sub(200).min(1_000)
}

/// The sandbox in a process of its own, whose handles and memory are its own, too.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        let mut child = adreel(&["sandbox"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port = serde_json::from_str::<serde_json::Value>(&line).unwrap()["port"].take();
        Self { child, address: format!("127.0.0.1:{port}") }
    }

    fn handles(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    fn resident_kib(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        resident.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends one request over each connection before any answer is read.
fn ask(connections: &mut [BufReader<TcpStream>]) {
    for connection in connections.iter_mut() {
        let request = "GET /_sandbox/info HTTP/1.1\r\nhost: localhost\r\n\r\n";
        connection.get_mut().write_all(request.as_bytes()).unwrap();
    }
    for connection in connections {
        let lines = iter::repeat_with(|| {
            let mut line = String::new();
            connection.read_line(&mut line).unwrap();
            line
        });
        let head: Vec<_> = lines.take_while(|line| line.len() > 2).collect();
        assert_eq!(head[0], "HTTP/1.1 200 OK\r\n");
        let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap().trim().parse().unwrap()];
        connection.read_exact(&mut body).unwrap();
        assert!(body.starts_with(b"{") && body.ends_with(b"}"));
    }
}

/// Opens all connections, uses each twice, and closes them.
fn round(server: &Server) {
    let (most, open) = (most_connections(), || TcpStream::connect(&server.address).unwrap());
    let mut connections: Vec<_> = iter::repeat_with(open).map(BufReader::new).take(most).collect();
    ask(&mut connections);
    assert!(server.handles() > most, "all at once");
    ask(&mut connections);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "counts what /proc shows")]
fn a_thousand_connections_leave_nothing_behind() {
    let server = Server::start();
    let (handles, empty) = (server.handles(), server.resident_kib());
    let mut resident = Vec::new();
    for _ in 0..4 {
        round(&server);
        let has_closed_them = (0..100_000).any(|_| server.handles() <= handles);
        assert!(has_closed_them, "{} handles, {handles} before", server.handles());
        resident.push(server.resident_kib());
    }
    // What was taken for the first thousand is used again for the next.
    let (first, more) = (resident[0] - empty, resident[3].saturating_sub(resident[1]));
    assert!(more < first / 2, "{empty} KiB at first, then {resident:?}");
}
