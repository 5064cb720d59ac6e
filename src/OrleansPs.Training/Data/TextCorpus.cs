using System.Text;

namespace OrleansPs.Training;

/// <summary>
/// Text as numbers of words: lower-cased words, of which rare ones are left out as if they were not there (Mikolov et al. 2013). Texts are read twice, once to
/// count and once to number, one at a time.
/// </summary>
/// <remarks>Immutable and thread safe: all workers of a process share one.</remarks>
public sealed class TextCorpus
{
    /// <summary>What stands in <see cref="Words"/> between two texts.</summary>
    public const int Break = -1;

    private readonly int[] _words;

    private TextCorpus(Vocabulary vocabulary, int[] words)
    {
        Vocabulary = vocabulary;
        _words = words;
    }

    /// <summary>The words.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>The numbers of the words of all texts, one after the other, with a <see cref="Break"/> after each text.</summary>
    public ReadOnlySpan<int> Words => _words;

    /// <summary>The number of words and breaks.</summary>
    public int Length => _words.Length;

    /// <summary>Reads all files with the ending .txt of a directory, in the order of their names, as UTF-8.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="minCount">How often a word must be there to be kept, >= 1.</param>
    /// <exception cref="DataFormatException">There is no such file, or none of two different words that are kept.</exception>
    public static TextCorpus Load(string directory, int minCount)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var paths = LineReader.Guard(directory, () => Directory.GetFiles(directory, "*.txt"));
        if (paths.Length == 0) throw new DataFormatException(directory, "it holds no file with the ending .txt.");
        Array.Sort(paths, StringComparer.Ordinal);
        var corpus = Of(paths.Select(path => LineReader.Guard(path, () => File.ReadAllText(path, Encoding.UTF8))), minCount);
        return corpus.Vocabulary.Count >= 2
            ? corpus : throw new DataFormatException(directory, $"it has {corpus.Vocabulary.Count} words that are there {minCount} times; two were expected.");
    }

    /// <summary>Makes a corpus of texts.</summary>
    /// <param name="texts">The texts; gone through twice.</param>
    /// <param name="minCount">How often a word must be there to be kept, >= 1.</param>
    public static TextCorpus Of(IEnumerable<string> texts, int minCount)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfLessThan(minCount, 1);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var text in texts)
            foreach (var word in WordsOf(text))
                System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(counts, word, out _)++;
        var vocabulary = new Vocabulary(counts.Where(c => c.Value >= minCount));
        var words = new List<int>();
        foreach (var text in texts)
        {
            words.AddRange(WordsOf(text).Select(vocabulary.Find).Where(word => word >= 0));
            words.Add(Break);
        }
        return new(vocabulary, [.. words]);
    }

    /// <summary>The words of a text: runs of letters, which may have apostrophes within, in lower case.</summary>
    public static IEnumerable<string> WordsOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        for (var at = 0; at < text.Length; at++)
        {
            if (!char.IsLetter(text[at])) continue;
            var first = at;
            while (at < text.Length && (char.IsLetter(text[at]) || IsInner(text, at))) at++;
            yield return text[first..at].ToLowerInvariant();
        }
    }

    private static bool IsInner(string text, int at) => text[at] == '\'' && at + 1 < text.Length && char.IsLetter(text[at + 1]);
}
