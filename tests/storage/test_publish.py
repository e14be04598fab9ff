import json

from rnnscope.storage import publish
from rnnscope.storage.checksums import record_path
from rnnscope.storage.files import whole_file
from rnnscope.storage.provenance import collect, problems, read_provenance

NAMES = ("analyses/losses.csv", "analyses/features.parquet", "figures/losses.svg", "figures/losses.png", "explorer.html")


def results(folder, names=NAMES, page=b"page"):
    for name in names:
        with whole_file(folder / name) as partial:
            partial.write_bytes(page if name == "explorer.html" else name.encode())
    outputs = [str(folder / name) for name in names]
    job = {"rule": "some", "outputs": outputs, "benchmark": "none", "source": "0" * 64, "settings": {}}
    collect(folder, [job], "snakemake {}")
    return folder


def files(folder):
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and ".provenance" not in path.parts
    }


def test_tables_vector_figures_and_the_page_are_copied_with_their_provenance(call, tmp_path):
    source, out = results(tmp_path / "results"), tmp_path / "out"
    assert call(publish, "--results", source, "--out", out) is None
    kept = {"analyses/losses.csv", "figures/losses.svg", "explorer.html"}
    assert files(out) == kept | {"provenance.json"}
    for name in kept:
        assert (out / name).read_bytes() == (source / name).read_bytes()
    content, whole = read_provenance(out / "provenance.json"), read_provenance(source / "provenance.json")
    assert content["outputs"] == {name: whole["outputs"][name] for name in kept}
    assert content["environments"] == whole["environments"]
    assert problems(out / "provenance.json") == []


def test_a_large_page_is_left_out_and_what_an_earlier_copy_had_removed(call, tmp_path, caplog):
    out = tmp_path / "out"
    assert call(publish, "--results", results(tmp_path / "earlier"), "--out", out) is None
    (out / "models").mkdir()
    (out / "models/summary.csv").touch()
    later = results(tmp_path / "later", ("analyses/other.csv", "explorer.html"), page=b"x" * (publish.MOST_BYTES + 1))
    caplog.set_level("INFO")
    assert call(publish, "--results", later, "--out", out) is None
    assert files(out) == {"analyses/other.csv", "provenance.json", "models/summary.csv"}
    assert "explorer.html: more than 10000000 bytes, not copied" in caplog.text
    assert list(json.loads((out / "provenance.json").read_text())["outputs"]) == ["analyses/other.csv"]


def test_a_damaged_table_is_not_copied(call, tmp_path):
    source, out = results(tmp_path / "results"), tmp_path / "out"
    (source / "analyses/losses.csv").write_text("changed")
    assert record_path(source / "analyses/losses.csv").exists()
    assert "analyses/losses.csv: damaged" in call(publish, "--results", source, "--out", out)
    assert not (out / "analyses/losses.csv").exists()
