namespace OrleansPs.Training;

/// <summary>The words of a corpus, numbered from the most frequent one; words that are equally frequent in the order of their characters.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class Vocabulary
{
    private readonly (string Word, long Count)[] _words;
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    internal Vocabulary(IEnumerable<KeyValuePair<string, long>> counts)
    {
        _words = [.. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Select(c => (c.Key, c.Value))];
        for (var i = 0; i < _words.Length; i++) _numbers.Add(_words[i].Word, i);
        Total = _words.Sum(w => w.Count);
    }

    /// <summary>The number of words.</summary>
    public int Count => _words.Length;

    /// <summary>How often all words together are in the corpus.</summary>
    public long Total { get; }

    /// <summary>A word, by its number.</summary>
    public string this[int number] => _words[number].Word;

    /// <summary>How often a word is in the corpus.</summary>
    public long CountOf(int number) => _words[number].Count;

    /// <summary>The number of a word; -1 if it is not in the vocabulary.</summary>
    public int Find(string word) => _numbers.GetValueOrDefault(word, -1);

    /// <summary>
    /// The probability with which each occurrence of a word is kept when frequent words are thinned: the root of threshold / frequency (Mikolov et al.
    /// 2013, equation 5).
    /// </summary>
    /// <param name="threshold">The frequency from which words are thinned, > 0; infinite for none.</param>
    /// <returns>By the word's number, each above 0 and at most 1.</returns>
    public float[] KeepProbabilities(double threshold)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threshold);
        return Array.ConvertAll(_words, w => (float)Math.Min(1, Math.Sqrt(threshold * Total / w.Count)));
    }
}
