//! loggia: the program. Everything it does is in [`loggia::cli`].
#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    loggia::cli::main()
}
