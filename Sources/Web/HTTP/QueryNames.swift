import Hummingbird

/// What the query of an address for programs may name: what has no effect is not passed over without a word.
extension Request {
    /// Throws 400 where the query has what the address does not know, or the same name with different values.
    func requireQuery(of names: [String]) throws {
        for item in uri.queryParameters where !names.contains(String(item.key)) {
            // Nothing between two `&` is no parameter.
            guard !item.key.isEmpty || !item.value.isEmpty else { continue }
            let known = names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))"
            throw Problem.badRequest(String(item.key.prefix(64)), "is no parameter of this address: \(known)")
        }
        for name in names { try requireOne(name) }
    }

    /// Throws 400 where the query has a name with different values: only the first would count.
    func requireOne(_ name: String) throws {
        let values = uri.queryParameters.filter { $0.key == name }.map(\.value)
        guard values.allSatisfy({ $0 == values.first }) else { throw Problem.badRequest(name, "is given twice") }
    }
}
