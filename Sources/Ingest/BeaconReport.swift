/// A Beacon AMI report (Badger), as its head-end exports it: a register a row with its unit, local times of the city.
///
/// Estimated rows are rejected: an estimate is no register. A leak rate above zero and an empty battery are alarms.
/// Source: protocols.md, section 3, and the report kept there.
let beaconMapping = """
    kind: table
    encoding: utf-8
    delimiter: comma
    meter: Meter_SN | Meter_ID | Endpoint_SN
    time: Read_Time
    time format: YYYY-MM-DD hh:mm | YYYY-MM-DD hh:mm:ss
    zone: city
    register: Read
    unit column: Read_Unit
    reject: Estimated_Flag = 1 | true | Y
    alarm leak: Current_Leak_Rate > 0
    alarm battery_low: Battery_Level = low | critical | bad | dead
    """

struct BeaconReport {
    /// The report's mapping, read once.
    static func mapping() throws(BodyRefusal) -> TableMapping {
        do throws(MappingFaults) {
            return try readMapping.get()
        } catch {
            throw .malformed(offset: 0, reason: error.description)
        }
    }

    private static let readMapping: Result<TableMapping, MappingFaults> = {
        do throws(MappingFaults) {
            if case .table(let mapping) = try Mapping.read(beaconMapping, file: "beacon") { return .success(mapping) }
            return .failure(MappingFaults(faults: []))
        } catch {
            return .failure(error)
        }
    }()
}
