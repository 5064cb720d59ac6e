using System.Text;

namespace OrleansPs.Training;

/// <summary>
/// Mails, ham and spam, as hashed bags of words (Weinberger et al. 2009): the words of a mail's subject and body, in lower case, each hashed to one
/// of 2^bits features with value 1. Words of the subject are other features than those of the body. The rest of the header is not looked at:
/// it tells when and by whom a mail was collected.
/// </summary>
public static class Mails
{
    /// <summary>The default number of bits of a feature.</summary>
    public const int DefaultBits = 22;

    private const int LongestWord = 24;

    /// <summary>Reads all mails of a directory: in its subdirectories whose names contain "spam" the spam, and "ham" the ham, a file with the ending .txt each.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="bits">The number of bits of a feature, 1 to 62.</param>
    /// <returns>The mails in the order of their paths; spam has the label true.</returns>
    /// <exception cref="DataFormatException">There are no mails of one of the two kinds, or one can't be read.</exception>
    public static SparseExamples Load(string directory, int bits = DefaultBits)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        CheckBits(bits);
        var examples = new SparseExamples();
        foreach (var path in LineReader.Guard(directory, () => Directory.GetFiles(directory, "*.txt", SearchOption.AllDirectories)).Order(StringComparer.Ordinal))
        {
            var group = Path.GetFileName(Path.GetDirectoryName(path)!);
            if (!group.Contains("spam", StringComparison.Ordinal) && !group.Contains("ham", StringComparison.Ordinal)) continue;
            var mail = LineReader.Guard(path, () => File.ReadAllText(path, Encoding.Latin1));
            var keys = FeaturesOf(mail, bits);
            examples.Add(group.Contains("spam", StringComparison.Ordinal), keys, Ones(keys.Length));
        }
        Require(examples, directory, spam: true);
        Require(examples, directory, spam: false);
        return examples;
    }

    /// <summary>The features of one mail, rising.</summary>
    /// <param name="mail">Header, an empty line, body.</param>
    /// <param name="bits">The number of bits of a feature, 1 to 62.</param>
    public static long[] FeaturesOf(string mail, int bits = DefaultBits)
    {
        ArgumentNullException.ThrowIfNull(mail);
        CheckBits(bits);
        var text = mail.AsSpan();
        var features = new SortedSet<long>();
        while (text.Length > 0)
        {
            var end = text.IndexOf('\n');
            var line = end < 0 ? text : text[..end];
            text = end < 0 ? [] : text[(end + 1)..];
            if (line.Trim().IsEmpty) break;
            if (line.StartsWith("Subject:", StringComparison.OrdinalIgnoreCase)) AddWords(line["Subject:".Length..], 's', bits, features);
        }
        AddWords(text, 'b', bits, features);
        return [.. features];
    }

    private static void AddWords(ReadOnlySpan<char> text, char place, int bits, SortedSet<long> features)
    {
        var mask = (1L << bits) - 1;
        for (var at = 0; at < text.Length;)
        {
            var first = at;
            while (at < text.Length && char.IsLetterOrDigit(text[at])) at++;
            if (at - first is > 1 and <= LongestWord) features.Add((long)Hash(text[first..at], place) & mask);
            if (at == first) at++;
        }
    }

    // FNV-1a (Fowler, Noll and Vo), whose low bits another mix spreads.
    private static ulong Hash(ReadOnlySpan<char> word, char place)
    {
        const ulong offset = 0xCBF29CE484222325, prime = 0x100000001B3;
        var hash = (offset ^ place) * prime;
        foreach (var letter in word) hash = (hash ^ char.ToLowerInvariant(letter)) * prime;
        return SplitMix64.Mix(hash);
    }

    private static float[] Ones(int count)
    {
        var ones = new float[count];
        Array.Fill(ones, 1f);
        return ones;
    }

    private static void CheckBits(int bits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, 62);
    }

    private static void Require(SparseExamples mails, string directory, bool spam)
    {
        for (var i = 0; i < mails.Count; i++)
            if (mails.Label(i) == spam) return;
        var kind = spam ? "spam" : "ham";
        throw new DataFormatException(directory, $"it holds no {kind}: files with the ending .txt in a subdirectory whose name contains '{kind}' were expected.");
    }
}
