for figure, entry in FIGURES.items():

    rule:
        name:
            f"figure_{figure}"
        input:
            **{
                flag: f"results/{{corpus}}/analyses/{table}.csv"
                for flag, table in entry.tables.items()
            },
        output:
            svg=report(
                f"results/{{corpus}}/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category="{corpus}",
                labels={"figure": figure.replace("_", " ")},
            ),
            png=f"results/{{corpus}}/figures/{figure}.png",
        log:
            f"results/{{corpus}}/logs/figure_{figure}.log",
        benchmark:
            f"results/{{corpus}}/benchmarks/figure_{figure}.tsv"
        group:
            "figures"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=5,
        params:
            tables=lambda wildcards, input: [
                word for flag, path in input.items() for word in (f"--{flag}", path)
            ],
            title=lambda wildcards: config["corpora"][wildcards.corpus]["title"],
            source=source_of(f"rnnscope.figures.{entry.folder}.{figure}"),
            module=f"rnnscope.figures.{entry.folder}.{figure}",
        shell:
            "python -m {params.module} {params.tables} --title {params.title:q} "
            "--out-svg {output.svg} --out-png {output.png} 2> {log}"
