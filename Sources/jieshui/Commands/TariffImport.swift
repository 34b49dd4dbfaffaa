import ArgumentParser
import Foundation
import Tariffs

/// `jieshui tariff import-owrs FILE`: a tariff file to start from, on standard output.
struct TariffImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-owrs",
        abstract: "Turn an Open Water Rate Specification file into a tariff file.",
        discussion: """
            Flat, tiered and budget prices and fixed charges of one customer class are carried over. What cannot be is \
            named on standard error and at the head of the file.
            """)

    @Argument(help: "The OWRS file.", completion: .file()) var file: String
    @Option(name: .customLong("class"), help: "The customer class.") var customerClass = "RESIDENTIAL_SINGLE"
    @Option(help: "A column's value, as meter_size=5/8\" or et_amount=4.8; repeatable.") var value: [String] = []
    @Option(help: "The tariff's id, 1 to 32 of 0-9 a-z - _; without it, made of the utility's name.") var id: String?
    @Option(help: "Where to write; standard output without it.", completion: .file()) var output: String?

    func run() throws {
        let text = try text(of: file)
        var values: [String: String] = [:]
        for pair in value {
            let halves = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard halves.count == 2 else { throw CommandFailure("--value: \(pair) is not COLUMN=VALUE") }
            values[halves[0]] = halves[1]
        }
        let name = URL(fileURLWithPath: file).lastPathComponent
        let imported = try importOWRS(file: name, text: text, customerClass: customerClass, values: values, id: id)
        for note in imported.notes { FileHandle.standardError.write(Data("note: \(note)\n".utf8)) }
        if let output {
            do {
                try Data(imported.text.utf8).write(to: URL(fileURLWithPath: output), options: .withoutOverwriting)
            } catch {
                throw CommandFailure("--output: \(output) cannot be made: \(error.localizedDescription)")
            }
        } else {
            print(imported.text, terminator: "")
        }
    }
}
