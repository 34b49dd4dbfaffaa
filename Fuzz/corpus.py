#!/usr/bin/env python3
"""Writes the inputs that fuzzing starts from, a folder for each target: corpus.py FOLDER [SHARED_DATA].

Samples are read where they lie and never kept in the tree; without them a few small inputs of our own serve.
"""

import gzip
import json
import pathlib
import sys

OWN = {
    "json": [
        '{"readings":[{"meter":"A1","at":"2026-10-01T00:00:00+08:00","volume_m3":"1.5"},{"meter":"水\\ud83d\\udca7",'
        '"start":"2026-10-01T00:00:00Z","interval_s":3600,"registers_l":[1,null,2.50,"3"]}]}'
    ],
    "ndjson": [
        '{"meter":"A","protocol":"wmbus","driver":"izar","at":"2026-10-01T00:00:00Z","volume_l":1}\n\n'
        '{"meter":"B","start":"2026-10-01T00:00:00Z","interval_s":60,"registers_l":[2,3]}'
    ],
    "csv": [
        'meter,at,volume_m3,protocol,driver\r\n"A",2026-10-01T00:00:00Z,1.5,wmbus,izar\nB,2026-10-01T00:00:00Z,2,,\n'
    ],
    "senml": [
        '[{"bn":"urn:dev:M1:","bt":1793462400,"bu":"m3","bv":1.5,"bver":10,"n":"volume","v":1e1},{"t":-5,"s":2,'
        '"u":"l/s"},{"vb":true},{"vd":"aGk","ut":3}]'
    ],
    "beacon": [
        'Meter_ID,Read,Read_Unit,Read_Time,Estimated_Flag,Current_Leak_Rate\r\n1,"2.5",CCF,2026-10-01 00:59,0,0.5\n'
        "2,7,Gallons,2026-10-01 00:59:30,1,\n"
    ],
    "wmbusmeters": [
        '[{"media":"water","id":"20202020","meter":"izar","timestamp":"2026-10-01T00:00:00.5Z","total_m3":3.843,'
        '"status":"LEAK PREV_LEAKAGE","x":[{}]}]'
    ],
    "wmbus-lines": ["# an iPerl's\n1844AE4C4455223368077A55000000041389E20100023B0000\n"],
    "mapping": [
        "kind: table\nencoding: gb18030\nmeter: 表号 | m\ntime: t\nclock: c\ntime format: YYYY/M/D hh:mm | epoch_s\n"
        "zone: +08:00\nregister: r\nunit column: u\nwhen: a = b | c\nreject: d != e\nalarm leak: f > 0\n",
        "kind: properties\nroot: a.b\nmeter: @device\nregister: v\nlist: items\nlist time: t\nlist register: r\nunit: L\n",
        "kind: bytes\nformat: axioma_w1\nfield: d\ncoding: hex\nmeter: @eui\nhistory: full_hours\n",
    ],
}

TABLES = [
    (0, "表号,抄表时间,本期读数,备注\n1,2026-10-01T08:30:00+08:00,123.456,漏\n"),
    (1, 'x\nno;date;clock;read;unit;type;kind\n="0012";2026-10-01;08:30;1,5;m3;water;real\n'),
    (2, "m\tt\tr\nA\t1790784000\t7\nB\t1790784000123\t8\n"),
]

FRAMES = [
    "FEFEFE6810776655443322118109901F017856341200FFA116",
    "68104433221100337881161F9000007766552C007766552C310122110515202184131 6".replace(" ", ""),
]

TELEGRAMS = ["1844AE4C4455223368077A55000000041389E20100023B0000"]

PUSHES = {
    "push-ctwing": [
        '{"messageType":"dataReport","deviceId":"D","timestamp":1600400064538,"payload":{"serviceData":{"MeterData":'
        '{"meterCode":"10012190005493","readTime":"2020-09-18 11:34:24","amount":1.5,"valveStatus":0,"items":'
        '[{"time":"2020-09-18 10:00:00","amount":"1.25"},{"time":"x"}]}}}}'
    ],
    "push-oceanconnect": [
        '{"notifyType":"deviceDatasChanged","deviceId":"D","services":[{"data":{"payload":'
        '"FEFEFE6810776655443322118109901F017856341200FFA116"},"eventTime":"20200918T033424Z"},'
        '{"data":{"value":"7.5","APPdata":"aGk="}}]}'
    ],
    "push-huawei-iotda": [
        '{"resource":"device.property","event":"report","event_time":"20200918T033424Z","notify_data":'
        '{"header":{"device_id":"D"},"body":{"services":[{"service_id":"W","properties":{"v":1}}]}}}'
    ],
    "push-chirpstack": [
        '{"deduplicationId":"x","time":"2026-09-02T23:09:40.123456789+00:00","deviceInfo":{"devEui":'
        '"0102030405060708","tags":{"a":"b"}},"fPort":100,'
        '"data":"Aa6smGoAMhcAAAAAAAAAAAAAgAOAAFQADkAFEABIAAJAAgAAIAAAAAAAAAAAAAAAAAAA"}'
    ],
    "push-thethingsstack": [
        '{"end_device_ids":{"device_id":"d","dev_eui":"0102"},"received_at":"2020-02-12T15:15:46.014773143Z",'
        '"uplink_message":{"frm_payload":"gkHe","decoded_payload":{"v":1.5}}}'
    ],
    "push-onenet": [
        '[{"at":1600400064538,"imei":"1","type":1,"ds_id":"a","value":-115},{"notifyType":"property",'
        '"deviceName":"d","data":{"params":{"Volume":{"value":3,"time":1600400064538}}}}]'
    ],
    "push-tencent": ['{"devicename":"d","timestamp":1600400064,"payload":{"v":1},"value":"2"}'],
}

SAMPLES = {
    "ctwing": "push-ctwing", "onenet": "push-onenet", "huawei_iotda": "push-huawei-iotda",
    "huawei_oceanconnect": "push-oceanconnect", "chirpstack": "push-chirpstack", "tts": "push-thethingsstack",
    "tencent": "push-tencent",
}


def choices(body, numbers):
    """The same body behind each choice of options."""
    return [bytes([number]) + body for number in numbers]


def own():
    """Target name to inputs, without any sample."""
    found = {name: [text.encode() for text in texts] for name, texts in OWN.items()}
    found["ndjson"] += [b'{"meter":"1","at":"2026-10-01T00:00:00+08:00","volume_m3":"1"}']
    found["table"] = [bytes([number]) + text.encode() for number, text in TABLES]
    found["table"] += [bytes([number]) + text.encode("gb18030") for number, text in TABLES]
    found["cjt188"] = [entry for text in FRAMES for entry in frames(text)]
    found["wmbus"] = [entry for text in TELEGRAMS for entry in choices(bytes.fromhex(text), (0, 4, 8, 24))]
    for name, texts in PUSHES.items():
        found[name] = [entry for text in texts for entry in choices(text.encode(), range(7))]
    found["gzip"] = [gzip.compress(b"meter,at\n" * 40, mtime=0), gzip.compress(b"", mtime=0) * 2]
    found["zstd"] = [bytes.fromhex("28b52ffd2001090000" + "61"), bytes.fromhex("28b52ffd0458090000616263ff7a4b1c")]
    found["day-set"] = [bytes.fromhex("0103010202808db0ab0d0ae0380a"), bytes.fromhex("010002020401808db0ab0d0a01")]
    found["journal"] = [bytes.fromhex("0101020873657269616c3a3101808db0ab0d0a")]
    source = pathlib.Path(__file__).resolve().parent.parent / "Sources/Ingest/CJT188BuiltIn.swift"
    # Under names of their own, as a city's file has them.
    built_in = source.read_text().split('"""')[1].replace("profile: ", "profile: own-").splitlines()
    found["profile"] = ["\n".join(line for line in built_in if "frames:" not in line).encode()]
    return found


def frames(text):
    """A frame as text and as bytes, read in several ways."""
    raw = bytes.fromhex(text) if len(text) % 2 == 0 else b""
    ways = (0, 1, 2, 6, 0x81, 0x89, 0x91, 0x99, 0xA1)
    return choices(text.encode(), ways[:3]) + choices(raw, ways)


def hex_bytes(text):
    """Of a text of hex digits with other signs between them; a last half byte is left out."""
    digits = "".join(sign for sign in text if sign in "0123456789abcdefABCDEF")
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def add_samples(found, data):
    for line in (data / "cjt188/frames.jsonl").read_text().splitlines():
        found["cjt188"] += frames("".join(json.loads(line)["hex"].split()))
    for line in (data / "wmbus/telegrams.jsonl").read_text().splitlines():
        sample = json.loads(line)
        telegram = hex_bytes(sample["telegram_hex"])
        key = sample.get("key") or ""
        found["wmbus"] += choices(telegram, (0, 8))
        if len(key) == 32 and set(key) <= set("0123456789abcdefABCDEF"):
            found["wmbus"] += choices(bytes.fromhex(key) + telegram, (1, 5))
        found["wmbus-lines"].append(sample["telegram_hex"].encode())
        if sample.get("expected_json"):
            body = dict(sample["expected_json"], timestamp="2026-10-01T00:00:00Z")
            found["wmbusmeters"].append(json.dumps(body).encode())
    for path in sorted((data / "senml").glob("*.json")):
        found["senml"].append(path.read_bytes())
    for path in sorted((data / "envelopes").glob("*.json")):
        for start, target in SAMPLES.items():
            if path.name.startswith(start):
                body = path.read_bytes()
                if target == "push-onenet":
                    message = json.loads(body).get("msg") if body.strip().startswith(b"{") else None
                    body = json.dumps(message, ensure_ascii=False).encode()
                found[target] += choices(body, range(7))
    found["beacon"].append((data / "envelopes/ami_beacon360_report.csv").read_bytes()[:2000])


def main():
    folder = pathlib.Path(sys.argv[1])
    found = own()
    data = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if data and data.is_dir():
        add_samples(found, data)
    else:
        print("no samples: only inputs of our own")
    for name, inputs in found.items():
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        for number, entry in enumerate(inputs):
            (place / f"{number:04}").write_bytes(entry)
        print(f"{name}: {len(inputs)} inputs")


main()
