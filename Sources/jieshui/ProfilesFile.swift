import Ingest

/// The CJ/T 188 profiles that are built in, and those of a file where one is named.
func loadProfiles(_ path: String?) throws -> CJT188Profiles {
    guard let path else { return try CJT188Profiles.builtIn() }
    return try CJT188Profiles.read(try text(of: path), file: path)
}

extension Settings {
    /// The same, the file being that of `cjt188.profiles`.
    var cjt188Profiles: CJT188Profiles {
        get throws {
            let path = text(.cjt188Profiles)
            if path?.isEmpty == true { throw CommandFailure("cjt188.profiles is set, and empty: name a file") }
            do {
                return try loadProfiles(path)
            } catch let faults as MappingFaults {
                throw CommandFailure(faults.faults.map { "cjt188.profiles: \($0)" }.joined(separator: "\n"))
            } catch let failure as CommandFailure {
                throw CommandFailure("cjt188.profiles: \(failure)")
            }
        }
    }
}
