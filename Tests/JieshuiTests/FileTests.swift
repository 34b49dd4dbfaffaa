import Foundation
import Testing

@testable import jieshui

@Suite(.freshDatabases) struct FileTests {
    /// Command lines that name a folder where a file is wanted.
    static let misplaced: [[String]] = [
        ["import", "areas", "FOLDER", "CITY"], ["meter", "keys", "FOLDER", "--secret-key", sealKeyText, "CITY"],
        ["decode", "json", "FOLDER"], ["decode", "csv", "FILE", "--mapping", "FOLDER"],
        ["decode", "cjt188", "FILE", "--profiles", "FOLDER"],
        ["gateway", "table", "g", "export", "--mapping", "FOLDER", "CITY"],
        ["rules", "simulate", "FOLDER", "CITY"], ["tariff", "import-owrs", "FOLDER"],
        ["tariff", "bill", "--tariff", "taiyuan", "--batch", "FOLDER", "TARIFFS"],
        ["gateway", "list", "CITY", "--config", "FOLDER"], ["gateway", "list", "--database", "sqlite:FOLDER"],
        ["init", "--city", "c", "--code", "C", "--database", "sqlite:FOLDER"],
        ["copy", "--from", "sqlite:FOLDER", "--to", "sqlite:FOLDER/new"],
        ["copy", "--from", "sqlite:FILE", "--to", "sqlite:FOLDER"],
    ]

    @Test(arguments: misplaced)
    func `a folder named where a file is wanted is told as one`(arguments: [String]) async throws {
        let city = try await CommandCity(on: .sqlite)
        let folder = try await freshFolder().path
        let file = try await freshFile("city.sqlite", "")
        let line = arguments.flatMap { argument -> [String] in
            switch argument {
            case "CITY": city.options
            case "TARIFFS": shippedTariffs
            default: [argument.replacing("FOLDER", with: folder).replacing("FILE", with: file)]
            }
        }
        #expect(await ending(of: line) == Ending(message: "\(folder) is a folder: name a file"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test func `a text file that is not UTF-8 is told with the place of the first byte that is not`() async throws {
        let file = try await freshFolder().appendingPathComponent("own.profiles")
        // GB 18030, as an editor in Chinese may save it.
        try (Data("profile: ours\n# ".utf8) + [0xB1, 0xED]).write(to: file)
        let frames = try await freshFile("frames.txt", "")
        #expect(
            await ending(of: ["decode", "cjt188", frames, "--profiles", file.path])
                == Ending(message: "\(file.path) is not UTF-8 (byte 16)"))
        let city = try await CommandCity(on: .sqlite)
        let keys = ["meter", "keys", file.path, "--secret-key", sealKeyText] + city.options
        #expect(await ending(of: keys) == Ending(message: "\(file.path) is not UTF-8 (byte 16)"))
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        #expect(try text(in: Data(mark + [0x61]), of: "a") == "a")
        #expect {
            try text(in: Data(mark + [0x61, 0xFF]), of: "a")
        } throws: { "\($0)" == "a is not UTF-8 (byte 4)" }
    }

    @Test func `tariff check tells every file that cannot be opened, is a folder or is broken`() async throws {
        let folder = try await freshFolder()
        let shipped = packageRoot.appendingPathComponent("tariffs")
        try FileManager.default.copyItem(
            at: shipped.appendingPathComponent("taiyuan.yaml"), to: folder.appendingPathComponent("a.yaml"))
        try FileManager.default.createSymbolicLink(
            at: folder.appendingPathComponent("b.yaml"), withDestinationURL: folder.appendingPathComponent("gone"))
        try Data("kind: menu".utf8).write(to: folder.appendingPathComponent("c.yaml"))
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("d.yaml"), withIntermediateDirectories: false)
        try Data("kind: [".utf8).write(to: folder.appendingPathComponent("e.yaml"))
        let end = await ending(of: ["tariff", "check", "--tariffs", folder.path])
        let lines = end.message.split(separator: "\n").map(String.init)
        try #require(lines.count == 4, "\(end.message)")
        #expect(end.code == 1)
        #expect(lines[0].hasPrefix("b.yaml:1: cannot be read: "))
        #expect(lines[1] == "c.yaml:1: `kind` must be one of tariff, rules")
        #expect(lines[2] == "d.yaml:1: a folder, not a file")
        #expect(lines[3].hasPrefix("e.yaml:"))
    }

    private let owrs = """
        metadata:
          effective_date: 2016-01-01
          utility_name: River
          bill_frequency: monthly
          bill_unit: m3
        rate_structure:
          RESIDENTIAL_SINGLE:
            indoor: 2*days_in_period
            tier_starts: [0, indoor]
            tier_prices: [1, 2]
            commodity_charge: Tiered
            bill: commodity_charge
        """

    @Test func `import-owrs names the option that cannot be, and the place in the file only where that is at fault`()
        async throws
    {
        let file = try await freshFile("x.owrs", owrs)
        let line = ["tariff", "import-owrs", file]
        #expect(
            await ending(of: line + ["--id", "River"]) == Ending(message: "--id River: must be 1 to 32 of 0-9 a-z - _"))
        #expect(
            await ending(of: line + ["--value", "days_in_period=0"])
                == Ending(
                    message: "--value days_in_period=0: must be a number of days above 0 and at most 366, with at "
                        + "most 9 decimals"))
        #expect(
            await ending(of: line + ["--value", "days_in_period"])
                == Ending(message: "--value: days_in_period is not COLUMN=VALUE"))
        let dated = try await freshFile("y.owrs", owrs.replacing("2016-01-01", with: "2016/01/02"))
        #expect(
            await ending(of: ["tariff", "import-owrs", dated])
                == Ending(
                    message: "y.owrs:2: `effective_date` must be a date YYYY-MM-DD or MM/DD/YYYY, not 2016/01/02"))
    }

    @Test func `import-owrs overwrites nothing`() async throws {
        let file = try await freshFile("x.owrs", owrs)
        let output = try await freshFolder().appendingPathComponent("river.yaml").path
        #expect(await ending(of: ["tariff", "import-owrs", file, "--output", output]) == .well)
        let written = try String(contentsOfFile: output, encoding: .utf8)
        let again = await ending(of: ["tariff", "import-owrs", file, "--id", "other", "--output", output])
        #expect(again.code == 1 && again.message.hasPrefix("--output: \(output) cannot be made: "))
        #expect(try String(contentsOfFile: output, encoding: .utf8) == written)
    }
}
