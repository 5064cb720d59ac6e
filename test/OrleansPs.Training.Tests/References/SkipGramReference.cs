namespace OrleansPs.Training.Tests.References;

/// <summary>
/// Skip-gram with negative sampling, one pair of words after the other, as Mikolov et al. 2013 describe it: negatives are drawn for each pair, frequent words are
/// thinned before an epoch. With doubles, in one process.
/// </summary>
internal sealed class SkipGramReference(TextCorpus corpus, int width, int window, int negatives, double threshold, int seed)
{
    private readonly Random _random = new(seed);
    private readonly double[][] _in = [.. Enumerable.Range(0, corpus.Vocabulary.Count).Select(_ => new double[width])];
    private readonly double[][] _out = [.. Enumerable.Range(0, corpus.Vocabulary.Count).Select(_ => new double[width])];

    public WordVectors Train(int epochs, double lr)
    {
        foreach (var row in _in)
            for (var f = 0; f < width; f++) row[f] = (_random.NextDouble() - 0.5) / width;
        var weights = Enumerable.Range(0, corpus.Vocabulary.Count).Select(w => Math.Pow(corpus.Vocabulary.CountOf(w), 0.75)).ToArray();
        var sums = weights.Select((_, i) => weights[..(i + 1)].Sum()).ToArray();
        for (var epoch = 0; epoch < epochs; epoch++) TrainEpoch(sums, lr * (1 - ((double)epoch / epochs)));
        return new(corpus.Vocabulary, width, [.. _in.SelectMany(row => row).Select(x => (float)x)]);
    }

    private void TrainEpoch(double[] sums, double lr)
    {
        var keep = corpus.Vocabulary.KeepProbabilities(threshold);
        var words = corpus.Words.ToArray().Where(w => w == TextCorpus.Break || _random.NextDouble() < keep[w]).ToArray();
        for (var place = 0; place < words.Length; place++)
        {
            if (words[place] == TextCorpus.Break) continue;
            var reach = 1 + _random.Next(window);
            foreach (var direction in (int[])[-1, 1])
                for (var d = 1; d <= reach; d++)
                {
                    var at = place + (d * direction);
                    if (at < 0 || at >= words.Length || words[at] == TextCorpus.Break) break;
                    TrainPair(words[at], words[place], sums, lr);
                }
        }
    }

    private void TrainPair(int input, int word, double[] sums, double lr)
    {
        var change = new double[width];
        for (var i = 0; i <= negatives; i++)
        {
            var output = i == 0 ? word : Draw(sums);
            if (i > 0 && output == word) continue;
            var score = 0.0;
            for (var f = 0; f < width; f++) score += _in[input][f] * _out[output][f];
            var g = lr * ((i == 0 ? 1 : 0) - (1 / (1 + Math.Exp(-score))));
            for (var f = 0; f < width; f++)
            {
                change[f] += g * _out[output][f];
                _out[output][f] += g * _in[input][f];
            }
        }
        for (var f = 0; f < width; f++) _in[input][f] += change[f];
    }

    private int Draw(double[] sums)
    {
        var found = Array.BinarySearch(sums, _random.NextDouble() * sums[^1]);
        return found >= 0 ? found : Math.Min(~found, sums.Length - 1);
    }
}
