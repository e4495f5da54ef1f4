//! main room: the program; the command line is in [`loggia::cli`].
#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let config = loggia::config::Config::load(None, std::env::vars(), &[])?;
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let app = loggia::app::App::open(config, Default::default())?;
    let listener = std::net::TcpListener::bind(app.config.listen)?;
    let token = app
        .db
        .write_blocking(|tx| loggia::accounts::offer_first_run(tx))
        .map_err(|e| anyhow::anyhow!("{e}"))?;
    if let Some(t) = token {
        println!("{}/first-run?token={t}", app.config.base_url);
    }
    actix_web::rt::System::new().block_on(async move {
        let (_h, s) = app.serve(listener)?;
        s.await
    })?;
    Ok(())
}
