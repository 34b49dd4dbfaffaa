import Foundation

extension SettingKey {
    /// The names that a settings file gives twice, sorted: of two the reader of JSON keeps one unheard. Also a setting
    /// that is given by its whole name and by levels.
    /// - Parameters:
    ///   - data: the file, known to be JSON.
    ///   - object: what it was read as.
    static func repeated(inFile data: Data, _ object: [String: Any]) throws -> [String] {
        var seen: Set<String> = []
        let inLevels = values(in: object).map(\.name).filter { !seen.insert($0).inserted }
        return Set(try repeatedKeys([UInt8](data)) + inLevels).sorted()
    }

    /// An object or a list that is read at this moment.
    private struct Level {
        /// The names around it, each with its point.
        let prefix: String
        var keys: Set<String> = []
        var lastKey = ""
    }

    private static func repeatedKeys(_ json: [UInt8]) throws -> [String] {
        var found: [String] = []
        var levels: [Level] = []
        var text = 0..<0
        var at = 0
        while at < json.count {
            switch json[at] {
            case UInt8(ascii: "\""):
                text = at..<endOfText(from: at, in: json)
                at = text.upperBound
                continue
            case UInt8(ascii: ":"):
                guard var level = levels.popLast() else { break }
                level.lastKey = try key(json[text])
                if !level.keys.insert(level.lastKey).inserted { found.append(level.prefix + level.lastKey) }
                levels.append(level)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                levels.append(Level(prefix: levels.last.map { "\($0.prefix)\($0.lastKey)." } ?? ""))
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = levels.popLast()
            default: break
            }
            at += 1
        }
        return found
    }

    /// Past the closing quote of the text that begins at `start`.
    private static func endOfText(from start: Int, in json: [UInt8]) -> Int {
        var at = start + 1
        while at < json.count, json[at] != UInt8(ascii: "\"") {
            at += json[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(at + 1, json.count)
    }

    /// A key's text from its quotes and what stands between them, escapes resolved.
    private static func key(_ quoted: ArraySlice<UInt8>) throws -> String {
        let value = try JSONSerialization.jsonObject(with: Data(quoted), options: .fragmentsAllowed)
        return value as? String ?? ""
    }
}
