/// What the texts of statements have in common, as one that never was: packing refers to its parts. Bytes that are stored
/// need it as it is: it is never edited; another one gets another number.
private let firstStatementDictionary = #"""
    {"analysis":{"actions":[{"because":[6,239],"bill_without_fen":1736,"kind":"stop_flow","litres":4464,"saving_fen"\#
    :1250},{"because":[9076],"bill_without_fen":2541,"kind":"back_to_usual","litres":1589,"saving_fen":445},{"becaus\#
    e":[303,684,597,527],"bill_without_fen":2734,"kind":"ease_heavy_days","litres":899,"saving_fen":252}],"baseline"\#
    :{"change_litres":1589,"kind":"recent_months","litres":9076,"months":[{"hash":"4f178245f061bc4750f3e7cde3075d688\#
    6720fa32c68da6afd6772ade3c9e29f","litres":8526,"missing_hours":0,"month":"2026-08","version":1},{"hash":"4cb6621\#
    f502049b8a1cf1ecd53f81af3f6b66227f2f9aa183385e7a1e7ef852f","litres":9333,"missing_hours":0,"month":"2026-09","ve\#
    rsion":1}]},"bylaw_months":[],"last_month":{"bill_fen":2614,"percentile":64,"points":10},"leak":{"bill_without_f\#
    en":2585,"cost_fen":401,"flows":[{"hours":239,"litres_per_hour":6}],"litres":1434},"night":{"litres":625,"lowest\#
    _litres":0,"nights":31},"period_litres":10665,"sizes":[],"to_median":{"benchmark_bill_fen":2300,"benchmark_home_\#
    litres":8214,"litres":2451,"saving_fen":686},"warnings":[{"level":"over","limit":"baseline","limit_litres":9076,\#
    "percent":117,"used_litres":10665},{"level":"near","limit":"tier","limit_litres":12000,"percent":88,"used_litres\#
    ":10665}],"week_monday_first":[{"days":4,"litres":1499},{"days":4,"litres":1315},{"days":4,"litres":1465},{"days\#
    ":5,"litres":1582},{"days":5,"litres":1311},{"days":5,"litres":1719},{"days":4,"litres":1774}]},"billing":{"bill\#
    ":{"assumptions":["persons_beyond_rule"],"bounds_litres":[12000,18000],"lines":[{"fen":2453,"litres":10665,"name\#
    ":"base","price_yuan_per_m3":"2.30","tier":1},{"fen":0,"litres":0,"name":"base","price_yuan_per_m3":"4.60","tier\#
    ":2},{"fen":0,"litres":0,"name":"base","price_yuan_per_m3":"6.90","tier":3},{"fen":533,"litres":10665,"name":"se\#
    wage","price_yuan_per_m3":"0.50","tier":null}],"litres_to_next_tier":1335,"persons":4,"tier":1,"total_fen":2986}\#
    ,"refused":null},"cohort":{"area_code":"140106003001","area_kind":"community","benchmark_litres_per_equivalised_\#
    person":2700,"homes":16,"median_litres_per_equivalised_person":3832},"equivalised":{"litres_per_equivalised_pers\#
    on":4975,"scale_millionths":2143547},"findings":{},"headroom":{"benchmark_bill_fen":1620,"benchmark_home_litres"\#
    :5788,"litres":4877,"saving_fen":1366},"household":"10603010006","is_shared":false,"last_month":{"hash":"4cb6621\#
    f502049b8a1cf1ecd53f81af3f6b66227f2f9aa183385e7a1e7ef852f","litres":9333,"missing_hours":0,"month":"2026-09","ve\#
    rsion":1},"layout":"jieshui.statement.3","leaks":[{"from_epoch_seconds":1791561600,"hours":239,"litres_per_hour"\#
    :6,"to_epoch_seconds":1792422000}],"month":"2026-10","norm":{"days":31,"litres":17360,"litres_per_person_day":14\#
    0},"persons":4,"points":{"lines":[{"at_most":50,"measure":"percentile","points":0,"points_before_cap":0,"rule":"\#
    band","value":73},{"at_most":17360,"measure":"litres","points":10,"points_before_cap":10,"rule":"norm","value":1\#
    0665},{"at_most":null,"measure":"saving_percent","points":1,"points_before_cap":1,"rule":"saving","value":1}],"m\#
    onthly_cap_points":40,"none_reason":null,"total_points":10},"quality":{"data_until_epoch_seconds":1793460197,"de\#
    tectable_litres_per_hour":4,"is_bracketed":true,"is_partial":false,"missing_seconds":0,"month_seconds":2678400,"\#
    qualifying_percent":100,"qualifying_seconds":2678400,"readings":740,"required_percent":90,"zero_days":0},"rank":\#
    {"equal_homes":0,"lower_homes":11,"other_homes":15,"percentile":73},"readings_digest":"5012299a9242f124e6ba0007a\#
    1114fb0f3f3144494ac846c2660c57f3e71621e","rules":{"digest":"256eef866d9d9205f235b7e1d816c2faf696ac6b17d742a5cc07\#
    33ef4c761574","id":"rules-saving","version":"v1"},"same_month_last_year":null,"saving":{"band_percent_at_least":\#
    5,"band_percent_of_range":100,"band_permille":64,"gain_permille":12,"higher_permille":1098,"level_months":["2026\#
    -01","2026-02","2026-03","2026-04","2026-05","2026-06","2026-07","2026-08","2026-09"],"level_permille":[1174,120\#
    1,1110,1165,1182,1174,1190,1170,1098],"lowest_permille":1110,"not_judged":null,"own_permille":1098,"percent":1,"\#
    points_at_most":20,"points_per_percent":1,"usual_permille":1174},"sentence":{"arguments":[10665,239,6],"code":"l\#
    eak"},"tariff":{"digest":"bdfc10e29cf299ffbe7846acea50812bd3621c2d79da336a11485b04e3693782","id":"taiyuan","vers\#
    ion":"2018-07"},"unranked":null,"use":{"daily_litres":[144,277,427,472,205,191,453,197,197,453,402,374,527,433,6\#
    84,295,363,597,464,268,297,284,293,312,303,456,329,282,273,249,164],"daily_states":"mmmmmmmmmmmmmmmmmmmmmmmmmmmm\#
    mmm","estimated_litres":0,"litres":10665,"measured_litres":10665,"missing_hours":0},"version":1}
    """#

/// What stands before that text in the second dictionary: how often its parts follow one another, so that no frame has to
/// say so. Made by zstd's `ZDICT_finalizeDictionary` over statements of a trial, with the number 2; as fixed as the text.
private let secondHead: [UInt8] = [
    0x37, 0xA4, 0x30, 0xEC, 0x02, 0x00, 0x00, 0x00, 0x23, 0x10, 0xD8, 0x92, 0x0C, 0x07, 0x0C, 0xC3, 0x30, 0x0C,
    0x83, 0x4B, 0x34, 0xB4, 0x05, 0xD6, 0xF0, 0xC0, 0xA4, 0x94, 0x52, 0xDA, 0x5C, 0x41, 0x97, 0x49, 0x4A, 0x29,
    0xA5, 0x94, 0xD2, 0x9C, 0xD0, 0x2D, 0x89, 0x12, 0x03, 0x05, 0x10, 0x0C, 0x10, 0x86, 0x83, 0x02, 0xB1, 0x80,
    0xF8, 0x74, 0x00, 0x04, 0x80, 0x88, 0x07, 0x08, 0xC3, 0x84, 0xC6, 0xC8, 0xC5, 0xC3, 0x42, 0x45, 0x23, 0xC1,
    0x40, 0x1C, 0x12, 0x0F, 0x08, 0x02, 0x81, 0x28, 0x18, 0x84, 0x61, 0x38, 0x0A, 0xE2, 0x48, 0x0A, 0x03, 0x49,
    0x1C, 0x83, 0x9C, 0xA0, 0x04, 0x00, 0x00, 0x74, 0x2F, 0x4A, 0x35, 0x13, 0x19, 0xE4, 0x94, 0x31, 0x84, 0x18,
    0x65, 0x08, 0x01, 0x20, 0x20, 0x30, 0x0B, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
    0x08, 0x00, 0x00, 0x00,
]

/// A dictionary that statements are packed by; its number is the first byte of what is packed.
enum StatementDictionary: UInt8, Hashable {
    case first = 1
    /// A tenth fewer bytes than by the first, in two thirds of the time.
    case second

    var bytes: [UInt8] { (self == .second ? secondHead : []) + Array(firstStatementDictionary.utf8) }
}
