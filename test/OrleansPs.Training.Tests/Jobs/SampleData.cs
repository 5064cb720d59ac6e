namespace OrleansPs.Training.Tests.Jobs;

/// <summary>Data that was made with a model of the kind that is to be learned.</summary>
internal static class SampleData
{
    /// <summary>Examples of a logistic model, of whose 500 features few are frequent and most are rare.</summary>
    public static SparseExamples Examples(int count, int seed)
    {
        var random = new Random(seed);
        var weights = Enumerable.Range(0, 500).Select(_ => 2.5 * Normal(random)).ToArray();
        var examples = new SparseExamples();
        for (var i = 0; i < count; i++)
        {
            long[] keys = [.. Enumerable.Range(0, 12).Select(_ => (long)(500 * Math.Pow(random.NextDouble(), 3))).Distinct().Order()];
            var score = keys.Sum(key => weights[key]) - 1;
            examples.Add(random.NextDouble() < 1 / (1 + Math.Exp(-score)), keys, [.. keys.Select(_ => 1f)]);
        }
        return examples;
    }

    /// <summary>Ratings of 200 users for 100 items, of three factors, biases and noise.</summary>
    public static Ratings Ratings(int count, int seed)
    {
        var random = new Random(seed);
        double[][] Rows(int rows) => [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, 4).Select(_ => 0.6 * Normal(random)).ToArray())];
        var (users, items, ratings) = (Rows(200), Rows(100), new Ratings());
        for (var i = 0; i < count; i++)
        {
            var (user, item) = (random.Next(200), random.Next(100));
            var rating = 3.5 + users[user][3] + items[item][3] + (0.5 * Normal(random));
            for (var f = 0; f < 3; f++) rating += users[user][f] * items[item][f];
            ratings.Add(user, item, (float)rating);
        }
        return ratings;
    }

    /// <summary>Texts of eight topics with twelve words each; a text is about a few of them, one after the other.</summary>
    public static TextCorpus Corpus(int texts, int seed)
    {
        var random = new Random(seed);
        string Sentence(int topic) => string.Join(' ', Enumerable.Range(0, 15).Select(_ => $"{(char)('a' + topic)}{(char)('a' + random.Next(12))}"));
        return TextCorpus.Of([.. Enumerable.Range(0, texts).Select(_ => string.Join(' ', Enumerable.Range(0, 20).Select(_ => Sentence(random.Next(8)))))], 1);
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
