//! cli room: opening the house, keeping it open until a signal comes, and closing it in time.
use super::say;
use crate::app::{App, Options, lock_data};
use crate::config::Config;
use crate::kernel::limits;
use actix_web::rt::signal::unix::{SignalKind, signal};
use actix_web::web::{self, ServiceConfig};
use anyhow::Context;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::Duration;

/// Connections the kernel keeps for us while we are busy.
const BACKLOG: i32 = 4_096;
/// Seconds beyond the stop's grace after which the process ends without waiting for its threads.
const PATIENCE_SECONDS: u64 = 5;

#[derive(clap::Args, Default)]
pub struct Arguments {
    /// For benchmarks: also answer /bench/static/N with N bytes, at most so many
    #[arg(long, value_name = "BYTES", hide = true, value_parser = clap::value_parser!(u32).range(..=4_194_304))]
    bench_static: Option<u32>,
}

pub fn serve(config: Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (config, listener) = bind(config)?;
    let app = App::open(config, Options::default())?;
    let first_run = app
        .db
        .write_blocking(crate::accounts::offer_first_run)
        .map_err(|e| anyhow::anyhow!("the first-run link cannot be made: {e}"))?;
    let address = app.config.base_url.clone();
    let mut lines = vec![format!("Loggia is open at {address}")];
    if let Some(token) = first_run {
        lines.push(format!(
            "There is no owner yet. Make the owner's account at {address}/first-run?token={token}"
        ));
    }
    keep_open(&app, listener, arguments, &lines)
}

/// Takes the address; where the operator named none for people, the one that was taken is it.
pub fn bind(mut config: Config) -> anyhow::Result<(Config, TcpListener)> {
    // Said first: a second server on one folder usually wants the same port too.
    drop(lock_data(&config)?);
    let listener = listen(config.listen).with_context(|| {
        format!("{} cannot be listened on; choose another address with --listen", config.listen)
    })?;
    config.listen = listener.local_addr()?;
    if !config.base_url_set {
        config.base_url = if config.listen.ip().is_unspecified() {
            format!("http://localhost:{}", config.listen.port())
        } else {
            format!("http://{}", config.listen)
        };
    }
    Ok((config, listener))
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A server that just ended leaves connections behind that would keep the port for a minute.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves until SIGTERM or SIGINT, lets running requests end, and closes the house.
pub fn keep_open(
    app: &App,
    listener: TcpListener,
    arguments: &Arguments,
    lines: &[String],
) -> anyhow::Result<ExitCode> {
    raise_file_limit();
    let bytes = arguments.bench_static;
    let ended = actix_web::rt::System::new().block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (handle, server) = app.serve_with(listener, move |config| bench_route(config, bytes))?;
        let mut server = actix_web::rt::spawn(server);
        for line in lines {
            say(line);
        }
        let by_hand = tokio::select! {
            _ = terminate.recv() => false,
            _ = interrupt.recv() => true,
            ended = &mut server => return ended.map_err(std::io::Error::other)?,
        };
        tracing::info!("stopping: running requests may end");
        give_up_later();
        actix_web::rt::spawn(async move {
            // Who presses Ctrl-C twice does not want to wait.
            if by_hand && interrupt.recv().await.is_some() {
                std::process::exit(130);
            }
        });
        actix_web::rt::spawn(handle.stop(true));
        server.await.map_err(std::io::Error::other)?
    });
    app.close();
    ended.context("the server failed")?;
    tracing::info!("closed");
    Ok(ExitCode::SUCCESS)
}

/// A thread that hangs on a dead disk or database must not keep the process from ending.
fn give_up_later() {
    let _ = std::thread::Builder::new().name("patience".into()).spawn(|| {
        std::thread::sleep(Duration::from_secs(limits::STOP_SECONDS + PATIENCE_SECONDS));
        tracing::error!("something does not end; leaving without it");
        std::process::exit(1);
    });
}

/// Thousands of idle connections are welcome; the usual limit of 1,024 open files is not.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    if now.current != now.maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum });
    }
}

/// The static reply that pages are measured beside: made once, cut to the page's length.
fn bench_route(config: &mut ServiceConfig, bytes: Option<u32>) {
    let Some(bytes) = bytes else { return };
    let most = web::Bytes::from(vec![b'x'; usize::try_from(bytes).unwrap_or(0)]);
    config.route(
        "/bench/static/{bytes}",
        web::get().to(move |bytes: web::Path<usize>| {
            let body = most.slice(..bytes.into_inner().min(most.len()));
            async move { actix_web::HttpResponse::Ok().content_type("text/html; charset=utf-8").body(body) }
        }),
    );
}
