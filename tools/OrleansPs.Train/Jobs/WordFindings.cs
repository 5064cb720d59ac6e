using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>What word vectors show: how well they know their text, and each of ten words' nearest.</summary>
internal static class WordFindings
{
    /// <summary>By how much a correlation must exceed the best of <see cref="Chances"/> by chance, to count as knowledge of the text.</summary>
    public const double Margin = 0.1;

    private const int Words = 10, Nearest = 5, Chances = 20;

    private static readonly string[] s_chosen = ["war", "peace", "money", "congress", "law", "army", "commerce", "water", "children", "president"];

    public static Findings Of(WordVectors vectors, WordSimilarity similarity)
    {
        var correlation = similarity.Correlation(vectors);
        var chance = Enumerable.Range(0, Chances).Max(i => similarity.ChanceCorrelation(vectors, (ulong)i));
        var rows = Chosen(vectors.Vocabulary).Select(word => (IReadOnlyList<string>)[vectors.Vocabulary[word], NearestTo(vectors, word)]);
        return new([FormattableString.Invariant(
            $"cosine and PMI of {similarity.Pairs:#,0} pairs of words: Spearman {correlation:0.000}, at most {chance:0.000} in {Chances} random dealings of the vectors, {(correlation > chance + Margin ? "more" : "not more")} than {Margin} above chance")],
            "Nearest words", ["Word", "Nearest, with their cosines"], [.. rows]);
    }

    // Ten words that one can judge; of other texts the most frequent of those that are not near everything.
    private static IEnumerable<int> Chosen(Vocabulary vocabulary) => s_chosen.Select(vocabulary.Find).Where(word => word >= 0)
        .Concat(Enumerable.Range(0, vocabulary.Count).Skip(Math.Min(100, vocabulary.Count / 2))).Distinct().Take(Words);

    private static string NearestTo(WordVectors vectors, int word) => string.Join(", ", vectors.Nearest(word, Nearest)
        .Select(near => FormattableString.Invariant($"{vectors.Vocabulary[near.Word]} {near.Cosine:0.00}")));
}
