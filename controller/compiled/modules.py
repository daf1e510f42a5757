"""Which modules are compiled: what runs in every cycle and every step. The rest stays as it is."""

MODULES = tuple(
    f"{package}/{name}.py"
    for package, names in {
        "drivers": "driver link pump pressure button",
        "drivers/keller33x": "codec monitors noise settings handshake driver",
        "drivers/ne1000": "settings codec exchange driver",
        "drivers/modem_button": "pulse driver",
        "controller/core/duct": "bins",
        "controller/core": (
            "account core desk hold injection least_squares limits line messages monitors motion_run plan priming readiness "
            "reasons relief rest self_test stopping view"
        ),
        "controller": "inputs station loop replay",
        "controller/benchmarks/detection": "open_desk",  # only what is compiled can be a kind of what is compiled
        "controller/virtual": "world recorder measures",
        "controller/virtual/direct": "bench button motor pressure pump run",
        "simulators": "device contacts person bench",
        "simulators/wire": "faults lane receiver wire",
        "simulators/keller33x": "frame functions options sensor device",
        "simulators/ne1000": ("drive frames wire memory inputs options faults numbers program firmware commands machine ne1000"),
        "simulators/plunger": "plunger friction train",
        "simulators/plant": "line",
        "simulators/oracle": (
            "account button causes claims dose ending host_gone limits oracle place plunger record scene stop verdicts"
        ),
    }.items()
    for name in names.split()
)
