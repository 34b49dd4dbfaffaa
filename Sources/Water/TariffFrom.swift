/// The tariff that a household is billed by from a month on.
public struct TariffFrom: Sendable, Hashable {
    public let month: BillingMonth
    /// nil is the city's.
    public let tariffID: String?

    /// How people write the city's own.
    public static let cityWord = "city"

    public init(month: BillingMonth, tariffID: String?) {
        self.month = month
        self.tariffID = tariffID
    }
}
