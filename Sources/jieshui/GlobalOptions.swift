import ArgumentParser

/// Options of every command.
struct GlobalOptions: ParsableArguments {
    @Option(
        help:
            "The database, as sqlite:PATH or postgres://USER@HOST/NAME (JIESHUI_DATABASE; otherwise sqlite:jieshui.sqlite)."
    )
    var database: String?

    @Option(help: "A JSON file of settings (JIESHUI_CONFIG).")
    var config: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical (JIESHUI_LOG_LEVEL; otherwise info).")
    var logLevel: String?
}
