using System.Globalization;
using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>One message of a story: see <see cref="BlockStory"/> for the notation.</summary>
internal sealed record BlockStep(
    string Verb, MessageHeader Header, IReadOnlyList<float?> Gradient, IReadOnlyList<Certificate> Certificates)
{
    /// <summary>Of the verb policy, as in: policy p1 asp x0.5 k2.</summary>
    public TrainingPolicy? Policy { get; private init; }

    public static BlockStep Parse(string command)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var header = new MessageHeader { Rank = -1, Clock = -1 };
        List<float?> gradient = [];
        List<Certificate> certificates = [];
        var (mode, scale) = (ConsistencyPolicy.Asynchronous, 1.0);
        foreach (var word in words.Skip(1))
        {
            if (word is "asp" or "bsp") mode = word == "bsp" ? ConsistencyPolicy.BulkSynchronous : mode;
            else if (word[0] == 'x') scale = double.Parse(word[1..], CultureInfo.InvariantCulture);
            else if (word[0] == '+') gradient = [.. word[1..].Split(',').Select(Float)];
            else if (word[0] == '[') certificates.Add(ParseCertificate(word[1..^1]));
            else header = With(header, word);
        }
        if (header.Certificate == 0 && certificates.Count > 0) header = header with { Certificate = certificates[^1].Round + 1 };
        return new(words[0] == "values" ? "pull" : words[0], header, gradient, certificates) { Policy = new(header.Policy, mode, 0, scale) };
    }

    /// <summary>As in 3:0.1,2.4 for round 3 with rank 0 in its first incarnation and rank 2 in its fourth.</summary>
    private static Certificate ParseCertificate(string text)
    {
        var (round, members) = (text.Split(':')[0], text.Split(':')[1]);
        return new(Long(round), [.. members.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(ParseMember)]);
    }

    private static CertificateMember ParseMember(string text) => new((int)Long(text.Split('.')[0]), Long(text.Split('.')[1]));

    private static MessageHeader With(MessageHeader header, string word)
    {
        if (word.StartsWith("cut", StringComparison.Ordinal)) return header with { Cut = Long(word[3..]) };
        if (word[0] == 'r')
        {
            var parts = word[1..].Split('.');
            return header with { Rank = (int)Long(parts[0]), Incarnation = parts.Length > 1 ? Long(parts[1]) : 1 };
        }
        var number = Long(word[1..]);
        return word[0] switch
        {
            's' => header with { Step = number },
            'c' => header with { Clock = number },
            'n' => header with { Sequence = (int)number },
            'g' => header with { Generation = number },
            'e' => header with { Epoch = number },
            't' => header with { Term = number },
            'p' => header with { Policy = number },
            'k' => header with { Certificate = number },
            _ => throw new FormatException($"No message has '{word}'."),
        };
    }

    private static float? Float(string text) => text == "_" ? null : float.Parse(text, CultureInfo.InvariantCulture);

    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
