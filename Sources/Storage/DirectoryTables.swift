public import Database
import Synchronization
import Water

/// Meters by address in flat arrays, for millions of them: an address is known by 128 bits, 24 bytes with its meter. Most
/// are these bits; of longer ones they are a keyed hash (the runtime's own, other in every process). Two addresses that
/// share all of them are not to be expected in the life of a city, nor to be made by a sender who does not know the key.
struct AddressTable: Sendable {
    /// An address and its meter beside each other: one look into memory finds both.
    private struct Slot {
        var hash = AddressHash(high: 0, low: 0)
        /// 0 is a free slot; −1 several meters.
        var meter: Int64 = 0
    }

    private var slots: [Slot]
    private var count = 0
    /// Of the runtime's keyed hash, other in every process: nobody can choose addresses that lie together.
    private let key = (Self.word(0), Self.word(1))

    init(capacity: Int) {
        slots = Array(repeating: Slot(), count: max(16, capacity + capacity / 2))
    }

    /// The meter an address names; nil where it names none, or several.
    func meter(of address: MeterAddress) -> MeterID? { meter(of: AddressHash(address)) }

    func meter(of hash: AddressHash) -> MeterID? {
        let place = place(of: hash)
        let meter = slots[place].meter
        return meter > 0 ? MeterID(meter) : nil
    }

    mutating func add(_ address: MeterAddress, _ meter: MeterID) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        insert(AddressHash(address), meter.value)
    }

    private static func word(_ number: UInt8) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(number)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    private mutating func insert(_ hash: AddressHash, _ meter: Int64) {
        let place = place(of: hash)
        if slots[place].meter == 0 {
            slots[place] = Slot(hash: hash, meter: meter)
            count += 1
        } else if slots[place].meter != meter {
            slots[place].meter = -1
        }
    }

    private mutating func grow() {
        let old = slots
        self = AddressTable(capacity: old.count * 2)
        for slot in old where slot.meter != 0 { insert(slot.hash, slot.meter) }
    }

    /// The slot of an address, or the free one where it would be.
    private func place(of hash: AddressHash) -> Int {
        // Numbers that follow each other are to lie apart, whatever the key: what lies together takes long to look through.
        let product = (hash.low ^ key.0).multipliedFullWidth(by: hash.high ^ key.1)
        let mixed = (product.high ^ product.low).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        var place = Int((mixed.high ^ mixed.low).multipliedFullWidth(by: UInt64(slots.count)).high)
        while slots[place].meter != 0, slots[place].hash != hash {
            place = place + 1 == slots.count ? 0 : place + 1
        }
        return place
    }
}

/// What an address is known by: its protocol and characters as they are, where they take fifteen bytes at most and no
/// driver; two words of one passage of the keyed hash over any other, whose highest bit is never set, so that no address
/// of the one form is taken for one of the other.
struct AddressHash: Sendable, Equatable {
    let high: UInt64
    let low: UInt64

    fileprivate init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(_ address: MeterAddress) {
        var text = address.address
        let driver = address.driver
        self = text.withUTF8 { bytes in
            driver.isEmpty
                ? AddressHash(address.protocol, utf8: UnsafeRawBufferPointer(bytes))
                : AddressHash(address.protocol, utf8: UnsafeRawBufferPointer(bytes), driver: driver)
        }
    }

    /// An address without a driver whose characters are `bytes`.
    init(_ spoken: AddressProtocol, utf8 bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= 15 else {
            self.init(spoken, utf8: bytes, driver: "")
            return
        }
        var (high, low) = ((8 | spoken.number) << 4 | UInt64(bytes.count), 0 as UInt64)
        // Seven characters beside what they are, eight in the other word; short ones are filled up with zeros.
        for index in 0..<7 { high = high << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
        for index in 7..<15 { low = low << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
        self.init(high: high, low: low)
    }

    private init(_ spoken: AddressProtocol, utf8 bytes: UnsafeRawBufferPointer, driver: String) {
        var first = Hasher()
        first.combine(spoken.number << 16 | UInt64(bytes.count) << 8 | UInt64(driver.utf8.count))
        first.combine(bytes: bytes)
        var driver = driver
        if !driver.isEmpty { driver.withUTF8 { first.combine(bytes: UnsafeRawBufferPointer($0)) } }
        var second = first
        second.combine(1 as UInt8)
        self.init(
            high: UInt64(bitPattern: Int64(first.finalize())) & ~(1 << 63),
            low: UInt64(bitPattern: Int64(second.finalize())))
    }
}

extension AddressProtocol {
    fileprivate var number: UInt64 {
        switch self {
        case .serial: 0
        case .cjt188: 1
        case .wmbus: 2
        }
    }
}

/// The places of meters in flat arrays, by meter: 28 bytes a place and 12 a meter.
struct PlaceTable: Sendable {
    private var meters: [Int64] = []
    /// Where a meter's places begin; one more than there are meters.
    private var starts: [Int32] = [0]
    private var from: [Int64] = []
    /// The highest number is open.
    private var to: [Int64] = []
    private var spots: [Int32] = []
    private var known: [Spot] = []
    private var numbers: [Spot: Int32] = [:]
    /// Places by community.
    private(set) var counts: [CommunityID: Int] = [:]

    private struct Spot: Hashable {
        let community: CommunityID
        let area: AreaID
    }

    init(capacity: Int) {
        meters.reserveCapacity(capacity)
        starts.reserveCapacity(capacity + 1)
        from.reserveCapacity(capacity)
        to.reserveCapacity(capacity)
        spots.reserveCapacity(capacity)
    }

    /// Meters with a place.
    var count: Int { meters.count }

    /// Adds a meter's place; meters come in the order of their numbers.
    mutating func add(_ place: MeterDirectory.Place, of meter: MeterID) {
        if meters.last != meter.value {
            meters.append(meter.value)
            starts.append(starts[starts.count - 1])
        }
        starts[starts.count - 1] += 1
        from.append(place.from.epochSeconds)
        to.append(place.to?.epochSeconds ?? .max)
        counts[place.community, default: 0] += 1
        let spot = Spot(community: place.community, area: place.area)
        if let number = numbers[spot] {
            spots.append(number)
        } else {
            numbers[spot] = Int32(known.count)
            spots.append(Int32(known.count))
            known.append(spot)
        }
    }

    func of(_ meter: MeterID) -> [MeterDirectory.Place] { range(of: meter).map(place) }

    /// The place of a meter that has just one.
    func only(of meter: MeterID) -> MeterDirectory.Place? {
        let range = range(of: meter)
        return range.count == 1 ? place(range.lowerBound) : nil
    }

    private func place(_ index: Int) -> MeterDirectory.Place {
        let spot = known[Int(spots[index])]
        return MeterDirectory.Place(
            community: spot.community, area: spot.area, from: Instant(epochSeconds: from[index]),
            to: to[index] == .max ? nil : Instant(epochSeconds: to[index]))
    }

    private func range(of meter: MeterID) -> Range<Int> {
        // Numbers are mostly given one after another: the place is where it would be without gaps.
        if let first = meters.first, let guess = Int(exactly: meter.value &- first), meters.indices.contains(guess),
            meters[guess] == meter.value
        {
            return Int(starts[guess])..<Int(starts[guess + 1])
        }
        var (low, high) = (0, meters.count)
        while low < high {
            let middle = (low + high) / 2
            if meters[middle] < meter.value { low = middle + 1 } else { high = middle }
        }
        guard low < meters.count, meters[low] == meter.value else { return 0..<0 }
        return Int(starts[low])..<Int(starts[low + 1])
    }
}

/// The newest directory that any part of a process has read, so that they all go by one copy.
public final class DirectoryShelf: Sendable {
    private let newest = Mutex<MeterDirectory?>(nil)
    private let loading = Mutex<Void>(())

    public init() {}

    /// The directory as a reader sees the registry: the kept one, or one read now. Of several that ask at once one reads,
    /// and the others wait for it: two million meters are not read once for each.
    public func directory(of reader: Reader) throws -> MeterDirectory {
        let version = try reader.currentRegistryVersion()
        return try loading.withLock { _ in
            if let known = directory(version: version) { return known }
            let fresh = try reader.meterDirectory()
            keep(fresh)
            return fresh
        }
    }

    /// The directory of a registry version, where it is the newest that was read.
    public func directory(version: Int64) -> MeterDirectory? {
        newest.withLock { $0?.version == version ? $0 : nil }
    }

    /// Keeps a directory unless a newer one is there.
    public func keep(_ directory: MeterDirectory) {
        newest.withLock { if $0 == nil || ($0?.version ?? 0) < directory.version { $0 = directory } }
    }
}
