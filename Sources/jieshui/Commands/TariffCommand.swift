import ArgumentParser
import Foundation
import Tariffs
import Water

/// `jieshui tariff check|bill|explain|import-owrs`: the tariff files on their own, without a database;
/// `assign|correct`: whom they bill.
struct TariffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tariff",
        abstract: "Check, explain or import tariff files, bill a volume under one, or say whom they bill.",
        subcommands: [
            Check.self, Bill.self, TariffExplain.self, TariffImport.self, TariffAssign.self, TariffCorrect.self,
        ])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read every file and prove its examples.",
            discussion: """
                Every file that cannot be read or is refused is told, a line each; then the exit code is 1.
                """)

        @OptionGroup var files: TariffOptions

        func run() throws {
            for name in try files.names() where !name.hasSuffix(".yaml") {
                note("\(name) is not read: a file's name must end in .yaml")
            }
            let shelf = try files.load()
            guard !shelf.tariffs.isEmpty, !shelf.rules.isEmpty else {
                let missing = shelf.tariffs.isEmpty ? "tariff" : "rule file"
                throw CommandFailure("\(files.tariffs) has no \(missing): a city needs both, in files ending in .yaml")
            }
            for tariff in shelf.tariffs { print("ok tariff \(tariff.id) \(tariff.version) from \(tariff.validFrom)") }
            for rules in shelf.rules { print("ok rules \(rules.id) \(rules.version) from \(rules.validFrom)") }
        }
    }

    struct Bill: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a bill as JSON: lines and their sum.",
            discussion: "With --batch, a file with the columns persons,month,litres gives one JSON line per row.")

        @OptionGroup var files: TariffOptions
        @Option(help: "The tariff's id.") var tariff: String
        @Option(help: "The month, YYYY-MM.") var month: String?
        @Option(help: "Persons of the household; unknown without it.") var persons: Int?
        @Option(help: "The month's volume in litres.") var litres: Int64?
        @Option(help: "Litres of the tariff's period before this month.") var yearToDateLitres: Int64 = 0
        @Option(help: "A CSV file to bill row by row.", completion: .file()) var batch: String?

        func run() throws {
            let shelf = try files.load()
            if let batch {
                try billRows(of: batch, shelf)
                return
            }
            guard let month, let litres else { throw CommandFailure("give --month and --litres, or --batch") }
            switch billed(shelf, month: month, persons: persons, litres: litres) {
            case .success(let json): print(json.text)
            case .failure(let problem): throw CommandFailure(problem.reason)
            }
        }

        private func billed(
            _ shelf: TariffShelf, month text: String, persons: Int?, litres: Int64
        ) -> Result<CanonicalJSON, Problem> {
            guard let month = BillingMonth(text) else { return .failure(Problem("month: \(text) is not YYYY-MM")) }
            guard shelf.tariffs.contains(where: { $0.id == tariff }) else {
                return .failure(Problem("tariff: no file has the id \(tariff)"))
            }
            guard let found = shelf.tariff(tariff, in: month) else {
                return .failure(Problem("month: \(text) is outside the tariff's validity"))
            }
            return bill(found, month: month, persons: persons, litres: litres, periodToDateLitres: yearToDateLitres)
                .map(\.json).mapError { Problem($0.words) }
        }

        /// One line of JSON for each row, an error object for a row that cannot be billed; exit 1 if any.
        private func billRows(of path: String, _ shelf: TariffShelf) throws {
            let text = try text(of: path)
            let lines = text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline)
            guard let header = lines.first?.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }),
                let personsColumn = header.firstIndex(of: "persons"), let monthColumn = header.firstIndex(of: "month"),
                let litresColumn = header.firstIndex(of: "litres")
            else { throw CommandFailure("--batch: the first line must name persons, month and litres") }
            var failed = false
            for (index, line) in lines.dropFirst().enumerated() {
                let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                let result = row(cells, header.count, personsColumn, monthColumn, litresColumn, shelf)
                switch result {
                case .success(let json): print(json.text)
                case .failure(let problem):
                    failed = true
                    let json: CanonicalJSON = ["line": .integer(Int64(index + 2)), "error": .string(problem.reason)]
                    print(json.text)
                }
            }
            if failed { throw ExitCode(1) }
        }

        private func row(
            _ cells: [String], _ width: Int, _ persons: Int, _ month: Int, _ litres: Int, _ shelf: TariffShelf
        ) -> Result<CanonicalJSON, Problem> {
            guard cells.count == width else { return .failure(Problem("\(cells.count) columns instead of \(width)")) }
            guard let volume = Int64(cells[litres]) else { return .failure(Problem("litres: not a whole number")) }
            let size = Int(cells[persons])
            guard size != nil || cells[persons].isEmpty else {
                return .failure(Problem("persons: not a whole number"))
            }
            return billed(shelf, month: cells[month], persons: size, litres: volume)
        }
    }

    private struct Problem: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }
}

/// Where tariff and rule files are.
struct TariffOptions: ParsableArguments {
    @Option(help: "The folder of tariff and rule files.", completion: .directory) var tariffs = TariffOptions
        .standardFolder

    /// `tariffs` here, else beside the program's installation.
    static var standardFolder: String {
        let here = "tariffs"
        let installed = "/usr/share/jieshui/tariffs"
        return FileManager.default.fileExists(atPath: here) ? here : installed
    }

    /// Every file that cannot be read or is broken is told, one line each.
    func load() throws -> TariffShelf {
        var files: [(name: String, bytes: [UInt8])] = []
        var unread: [FileRefusal] = []
        for name in try names() where name.hasSuffix(".yaml") {
            let path = "\(tariffs)/\(name)"
            if isFolder(path) {
                unread.append(FileRefusal(file: name, line: 1, reason: .isFolder))
                continue
            }
            do {
                files.append((name: name, bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))))
            } catch {
                unread.append(FileRefusal(file: name, line: 1, reason: .unreadable(error.localizedDescription)))
            }
        }
        switch readTariffs(files, besides: unread) {
        case .success(let shelf): return shelf
        case .failure(let refusals):
            throw FileRefusals(refusals.all.sorted { ($0.file, $0.line) < ($1.file, $1.line) })
        }
    }

    /// The folder's entries that end in .yaml or look as if they were meant to, sorted.
    func names() throws -> [String] {
        guard isFolder(tariffs) else {
            throw CommandFailure("there is no folder of tariff and rule files at \(tariffs): give one with --tariffs")
        }
        let entries: [String]
        do {
            entries = try FileManager.default.contentsOfDirectory(atPath: tariffs)
        } catch {
            throw CommandFailure("the folder \(tariffs) cannot be read: \(error.localizedDescription)")
        }
        return entries.filter { $0.lowercased().hasSuffix(".yaml") || $0.lowercased().hasSuffix(".yml") }.sorted()
    }

    private func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// An empty shelf without a folder.
    func loadIfThere() throws -> TariffShelf {
        FileManager.default.fileExists(atPath: tariffs) ? try load() : .empty
    }
}

extension BillRefusal {
    /// Which value is refused, and why.
    var words: String {
        switch self {
        case .outsideValidity: "month: a day of it is outside the tariff's validity"
        case .litresOutOfRange: "litres: 0 to 1000000000000, for the month and for the period before it"
        case .personsOutOfRange: "persons: 1 to 100"
        case .notLivedIn: "the household lived there at no time of the month"
        case .noFigure: "nothing is known of the month"
        }
    }
}
