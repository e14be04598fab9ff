from rnnscope.analyses.comparisons.aligned import add_nnn, compared_models, parser


def test_validation_loss_chooses(comparison_words):
    words, nnns = comparison_words
    without, with_nnn = parser(""), parser("")
    add_nnn(with_nnn)
    assert compared_models(without.parse_args(list(map(str, words)))) == ["lstm-3-8", "ngram-4"]
    assert compared_models(with_nnn.parse_args(list(map(str, words + nnns)))) == ["lstm-3-8", "ngram-4", "nnn-2"]
