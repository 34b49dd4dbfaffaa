public import Database
public import Ingest
public import Ledger
public import Operations
public import Storage
public import Tariffs
public import Water

/// What the routes work with: the city, its database, and the operations that change it.
public struct WebServices: Sendable {
    public let database: Database
    public let city: City
    public let shelf: TariffShelf
    public let record: RecordReadings
    public let closeMonth: CloseMonth
    public let signInStaff: SignInStaff
    public let terms: LedgerTerms
    public let pages: PageLibrary
    public let settings: WebSettings
    /// Opens the secrets of pushes and the keys of meters; nil where the configuration has no `secret.key`.
    public let sealKey: SealKey?
    /// The CJ/T 188 profiles of the service; nil for the built-in ones alone.
    public let profiles: CJT188Profiles?
    /// The server's clock: handlers ask it once for each request.
    public let now: @Sendable () -> Instant
    let limits: RequestLimits
    let closing = ClosingTurn()
    let counts = ServiceCounts()
    /// How the database stands.
    var databaseCheck: DatabaseCheck

    public init(
        database: Database, city: City, shelf: TariffShelf, record: RecordReadings, closeMonth: CloseMonth,
        signInStaff: SignInStaff, terms: LedgerTerms, pages: PageLibrary, settings: WebSettings,
        sealKey: SealKey? = nil, profiles: CJT188Profiles? = nil, now: @escaping @Sendable () -> Instant
    ) {
        self.database = database
        self.city = city
        self.shelf = shelf
        self.record = record
        self.closeMonth = closeMonth
        self.signInStaff = signInStaff
        self.terms = terms
        self.pages = pages
        self.settings = settings
        self.sealKey = sealKey
        self.profiles = profiles
        self.now = now
        self.limits = RequestLimits(settings)
        self.databaseCheck = DatabaseCheck(database, record)
    }

    var calendar: CityCalendar { city.calendar }
}

/// How the server is reached and what it lets pass.
public struct WebSettings: Sendable, Hashable {
    /// The address residents type, as `https://water.example`; printed on sign-in slips. Nil prints none.
    public var publicAddress: String?
    /// Cookies carry `Secure`: set where TLS ends before or at this server.
    public var isBehindTLS = false
    /// The last element of `X-Forwarded-For` names the peer: set only behind a proxy that writes it.
    public var trustsForwardedFor = false
    /// Most bytes of one body of readings. Source: semantics.md, Readings.
    public var bodyBytes = 8 * 1_024 * 1_024
    /// Most bytes of all such bodies being read at once.
    public var bodyBytesAtOnce = 128 * 1_024 * 1_024
    /// Most bytes of all bodies being read at once whose senders only the body can prove.
    public var strangersBytesAtOnce = 16 * 1_024 * 1_024
    /// Wrong sign-ins from one address in five minutes, of residents and of staff apart; and wrong proofs of pushes for
    /// one gateway.
    public var triesPerPeer = 60
    /// Wrong sign-ins and desk codes for one household, name or member of staff in five minutes.
    public var triesPerSubject = 20
    /// The header in which the proxy in front names the verified client certificate by its SHA-256 or SHA-1
    /// fingerprint, hex; nil where no proxy does. Only for a proxy that drops a client's own header of that name.
    public var clientCertificateHeader: String?
    /// `/readyz` fails where the oldest unfolded reading has waited longer.
    public var foldLagSeconds: Int64 = 900
    /// SHA-256 of the bearer key that `GET /metrics` asks for, hex; nil where nothing is told.
    public var metricsKeyHash: String?

    /// Every request seems to come from the proxy: anybody's wrong sign-ins keep everybody from signing in.
    public var countsProxyAsEverybody: Bool { isBehindTLS && !trustsForwardedFor }

    public init() {}
}
