import Water

/// A tariff file's worked examples, recomputed.
extension Tariff {
    /// Bills every example and compares each line, the total and the assumptions.
    func prove(_ examples: Located) throws(FileRefusal) {
        let items = try examples.list()
        guard items.count >= 3 else {
            throw examples.refusal(.tooFewExamples(kind: "bills", found: items.count, needed: 3))
        }
        for item in items { try proveOne(item) }
    }

    private func proveOne(_ item: Located) throws(FileRefusal) {
        let example = try item.mapping(
            required: ["month", "persons", "litres"],
            optional: ["period_to_date_litres", "lines_fen", "total_fen", "assumptions", "refused"])
        let volume = 0...Int64(1_000_000_000_000)
        let outcome = bill(
            self, month: try example.value("month").month(), sizes: try sizes(example.value("persons")),
            litres: try example.integer("litres", in: volume),
            periodToDateLitres: try example.optional("period_to_date_litres")?.integer(in: volume) ?? 0)
        switch outcome {
        case .failure(let refusal):
            try item.expect(example.optional("refused")?.text() ?? "a bill", refusal.rawValue)
        case .success(let bill):
            if let refused = example.optional("refused") { try item.expect(refused.text(), "a bill") }
            try item.expect(
                "lines \(integers(example.value("lines_fen")))", "lines \(bill.lines.map(\.amount.fen))")
            try item.expect("total \(example.value("total_fen").integer(in: volume))", "total \(bill.total.fen)")
            try item.expect(
                "assumptions \(names(example.value("assumptions")))", "assumptions \(bill.assumptions.map(\.rawValue))")
        }
    }

    /// A number or `unknown` for the whole period, or a list of `from` and `persons`.
    private func sizes(_ value: Located) throws(FileRefusal) -> [HouseholdSize] {
        guard value.isList else {
            return [HouseholdSize(from: LocalDay(number: 0), persons: try persons(value))]
        }
        var found: [HouseholdSize] = []
        for item in try value.list() {
            let size = try item.mapping(required: ["from", "persons"])
            found.append(HouseholdSize(from: try size.value("from").day(), persons: try persons(size.value("persons"))))
        }
        return found
    }

    private func persons(_ value: Located) throws(FileRefusal) -> Int? {
        if value.isWord("unknown") { return nil }
        return Int(try value.integer(in: 1...100))
    }

    private func integers(_ value: Located) throws(FileRefusal) -> [Int64] {
        var found: [Int64] = []
        for item in try value.list() { found.append(try item.integer(in: 0...1_000_000_000_000_000)) }
        return found
    }

    private func names(_ value: Located) throws(FileRefusal) -> [String] {
        var found: [String] = []
        for item in try value.list() { found.append(try item.name()) }
        return found
    }
}

extension Located {
    /// Refuses an example whose stated outcome is not the computed one.
    func expect(_ stated: String, _ computed: String) throws(FileRefusal) {
        guard stated == computed else { throw refusal(.exampleFails(stated: stated, computed: computed)) }
    }
}
