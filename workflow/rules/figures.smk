for figure, entry in FIGURES.items():

    rule:
        name:
            f"figure_{figure}"
        input:
            **{flag: table(name) for flag, name in entry.tables.items()},
        output:
            svg=report(
                f"results/{{corpus}}/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category="{corpus}",
                subcategory=numbered_section(figure),
                labels={"figure": numbered_heading(figure)},
            ),
            png=f"results/{{corpus}}/figures/{figure}.png",
        group:
            "figures"
        params:
            **stage(f"figures.{entry.folder}.{figure}"),
            tables=named_inputs,
            title=title_of(figure),
            paper=paper_points if entry.draws_paper else "",
        shell:
            "python -m {params.module} {params.tables} {params.paper} --title={params.title:q} --out-svg {output.svg} "
            "--out-png {output.png} 2> {log}"
