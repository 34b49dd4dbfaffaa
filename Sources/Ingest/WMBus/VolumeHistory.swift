import Water

extension WMBusTelegram {
    /// The registers the telegram says the meter had before, with their times by the local clock: stored volumes whose
    /// storage has a date, storages at a told distance in months, and compact profiles. A stored volume that the meter
    /// does not have, that cannot be, or that no date is told for, is passed over.
    func history() -> [(at: StoredTime, register: Int64)] {
        let dates = storageDates()
        var found: [(at: StoredTime, register: Int64)] = []
        for record in records where record.isPlain && record.storage > 0 {
            guard let date = dates[record.storage], case .value(let value)? = volume(record) else { continue }
            found.append((date, value))
        }
        found += spacedVolumes(dates)
        for record in records where record.isPlain && record.storage > 0 {
            guard case .profile(let scale, let isInverse) = record.quantity, let base = dates[record.storage],
                let profile = VolumeProfile(bytes.span, record.value, scale: scale, isInverse: isInverse)
            else { continue }
            let register = records.first { $0.isPlain && $0.storage == record.storage && volume($0) != nil }
            var start: Int64?
            if let register, case .value(let value)? = volume(register) { start = value }
            found += profile.registers(bytes.span, from: base, register: start).map { (at: $0.0, register: $0.1) }
        }
        return found
    }

    /// The date of each storage; none where two differ.
    private func storageDates() -> [Int64: StoredTime] {
        var dates: [Int64: StoredTime] = [:]
        var torn: Set<Int64> = []
        for record in records where record.isPlain && record.storage > 0 {
            guard record.quantity == .date || record.quantity == .time,
                let date = StoredTime(bytes.span, record)
            else { continue }
            if let other = dates[record.storage], other != date { torn.insert(record.storage) }
            dates[record.storage] = date
        }
        for storage in torn { dates[storage] = nil }
        return dates
    }

    /// Storages behind one that has a date and a distance in months, the youngest first. That they run back in time is
    /// taken only where no register is above the one before it.
    private func spacedVolumes(_ dates: [Int64: StoredTime]) -> [(at: StoredTime, register: Int64)] {
        guard let spacing = records.first(where: { $0.isPlain && $0.quantity == .storageMonths }),
            let base = dates[spacing.storage], case .value(let months) = bytes.span.number(spacing),
            (1...12).contains(months)
        else { return [] }
        var found: [(at: StoredTime, register: Int64)] = []
        var before = Int64.max
        for record in records where record.isPlain && record.storage >= spacing.storage {
            let place = record.storage - spacing.storage
            guard place <= 120, case .value(let value)? = volume(record) else { continue }
            guard value <= before else { return [] }
            before = value
            guard place > 0, dates[record.storage] == nil,
                let at = base.later(months: -Int(months * place))
            else { continue }
            found.append((at, value))
        }
        return found
    }
}
