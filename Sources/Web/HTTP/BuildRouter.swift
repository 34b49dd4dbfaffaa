public import Hummingbird

/// Every route of the service. The server and the tests build it alike.
public func buildRouter(_ services: WebServices) -> Router<WebContext> {
    let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: AccessLog(counts: services.counts))
    let table = RouteTable()
    router.add(middleware: ErrorMiddleware(services: services, table: table))
    HealthRoutes(services: services).add(to: router)
    MetricsRoutes(services: services).add(to: router)
    ReadingRoutes(services: services).add(to: router)
    PushRoutes(services: services).add(to: router)
    StatementRoutes(services: services).add(to: router)
    RedemptionRoutes(services: services).add(to: router)
    AssetRoutes(services: services).add(to: router)
    ResidentSignInRoutes(services: services).add(to: router)
    ResidentRoutes(services: services).add(to: router)
    StaffSignInRoutes(services: services).add(to: router)
    StaffHomeRoutes(services: services).add(to: router)
    DeskRoutes(services: services).add(to: router)
    CommunityPointsRoutes(services: services).add(to: router)
    CloseRoutes(services: services).add(to: router)
    AlertRoutes(services: services).add(to: router)
    PersonsRoutes(services: services).add(to: router)
    CodeRoutes(services: services).add(to: router)
    HouseholdRoutes(services: services).add(to: router)
    ReadingEditRoutes(services: services).add(to: router)
    ExchangeRoutes(services: services).add(to: router)
    table.fill(from: router)
    return router
}
