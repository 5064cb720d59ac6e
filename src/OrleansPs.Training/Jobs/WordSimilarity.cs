namespace OrleansPs.Training;

/// <summary>
/// Compares words' vectors with the text that they were learned from: for pairs of frequent words, the cosine of their vectors with their pointwise mutual information, the
/// log of how much more often than by chance they are near each other (Church and Hanks 1990; Levy and Goldberg 2014 on what it has to do with skip-gram).
/// </summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class WordSimilarity
{
    // The most frequent words are near everything; rare ones are near each other too seldom to tell.
    private const int SkippedWords = 50, MostWords = 1000, LeastTogether = 10;

    private readonly (int One, int Other)[] _pairs;
    private readonly double[] _information;

    /// <summary>Counts which words are near each other.</summary>
    /// <param name="corpus">The text.</param>
    /// <param name="window">How many words apart is near, >= 1.</param>
    public WordSimilarity(TextCorpus corpus, int window)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(window);
        var skipped = corpus.Vocabulary.Count > 10 * SkippedWords ? SkippedWords : 0;
        var words = Math.Min(MostWords, corpus.Vocabulary.Count - skipped);
        var together = CountTogether(corpus.Words, window, skipped, words);
        var (pairs, information) = (new List<(int, int)>(), new List<double>());
        for (var one = 0; one < words; one++)
            for (var other = one + 1; other < words; other++)
            {
                var count = together[one * words + other];
                if (count < LeastTogether) continue;
                pairs.Add((skipped + one, skipped + other));
                information.Add(Math.Log(count / ((double)corpus.Vocabulary.CountOf(skipped + one) * corpus.Vocabulary.CountOf(skipped + other))));
            }
        (_pairs, _information) = ([.. pairs], [.. information]);
    }

    /// <summary>The number of pairs of words that are compared.</summary>
    public int Pairs => _pairs.Length;

    /// <summary>Spearman's correlation of cosine and pointwise mutual information over the pairs.</summary>
    /// <returns>-1 to 1, about 0 for vectors that know nothing of the text; NaN if there are fewer than two pairs.</returns>
    public double Correlation(WordVectors vectors)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        return Metrics.SpearmanCorrelation(Array.ConvertAll(_pairs, pair => (double)vectors.Cosine(pair.One, pair.Other)), _information);
    }

    /// <summary>The same with the vectors dealt out to the words at random: what is to be had by chance.</summary>
    /// <param name="vectors">The vectors.</param>
    /// <param name="seed">How they are dealt out.</param>
    public double ChanceCorrelation(WordVectors vectors, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        var dealt = new EpochOrder(vectors.Vocabulary.Count, seed).Of(0).ToArray();
        return Metrics.SpearmanCorrelation(Array.ConvertAll(_pairs, pair => (double)vectors.Cosine(dealt[pair.One], dealt[pair.Other])), _information);
    }

    private static int[] CountTogether(ReadOnlySpan<int> words, int window, int skipped, int count)
    {
        var together = new int[count * count];
        for (var place = 0; place < words.Length; place++)
        {
            var word = words[place] - skipped;
            if (word < 0 || word >= count) continue;
            for (var at = place + 1; at <= place + window && at < words.Length && words[at] != TextCorpus.Break; at++)
            {
                var other = words[at] - skipped;
                if (other >= 0 && other < count && other != word) together[Math.Min(word, other) * count + Math.Max(word, other)]++;
            }
        }
        return together;
    }
}
