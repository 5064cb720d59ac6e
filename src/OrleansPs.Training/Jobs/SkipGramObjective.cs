using System.Numerics.Tensors;

namespace OrleansPs.Training;

/// <summary>
/// The loss of skip-gram with negative sampling (Mikolov et al. 2013, equation 4): an example is a place in a text; from each word around it the word there is to be told from
/// words that were drawn at random, with the unigram distribution raised to 3/4. The words drawn for a place are the same for all words around it (Ji et al. 2016).
/// </summary>
internal sealed class SkipGramObjective : RowObjective
{
    private readonly TextCorpus _corpus;
    private readonly SkipGramOptions _options;
    private readonly float[] _keep;
    private readonly AliasTable _negatives;
    private readonly RowBuffer _in;
    private readonly RowBuffer _out;
    private readonly List<int> _slots = [];
    private readonly List<(int Inputs, int Outputs)> _places = [];

    /// <summary>Makes the objective of one worker.</summary>
    /// <param name="corpus">The text.</param>
    /// <param name="options">How words are taken from it.</param>
    /// <param name="keep">By a word's number, with which probability each of its occurrences counts.</param>
    /// <param name="negatives">Draws words.</param>
    public SkipGramObjective(TextCorpus corpus, SkipGramOptions options, float[] keep, AliasTable negatives)
        : this(corpus, options, keep, negatives, new(SkipGram.In, options.Width), new(SkipGram.Out, options.Width)) { }

    private SkipGramObjective(TextCorpus corpus, SkipGramOptions options, float[] keep, AliasTable negatives, RowBuffer inputs, RowBuffer outputs)
        : base(inputs, outputs)
    {
        _corpus = corpus;
        _options = options;
        _keep = keep;
        _negatives = negatives;
        _in = inputs;
        _out = outputs;
    }

    public override int Examples => _corpus.Length;

    /// <summary>The places of the last selection that counted, with their numbers of input words and of output words.</summary>
    public IReadOnlyList<(int Inputs, int Outputs)> Places => _places;

    protected override void Select(ReadOnlySpan<int> examples, SplitMix64 random)
    {
        _slots.Clear();
        _places.Clear();
        var words = _corpus.Words;
        foreach (var place in examples)
        {
            var word = words[place];
            if (word == TextCorpus.Break || !IsKept(word, ref random)) continue;
            var reach = 1 + random.Below(_options.Window);
            var inputs = AddInputs(words, place, -1, reach, ref random) + AddInputs(words, place, 1, reach, ref random);
            if (inputs > 0) _places.Add((inputs, AddOutputs(word, ref random)));
        }
    }

    protected override double Compute(ReadOnlySpan<int> examples)
    {
        var (loss, pairs, at) = (0.0, 0, 0);
        foreach (var (inputs, outputs) in _places)
        {
            for (var i = 0; i < inputs; i++)
                for (var o = 0; o < outputs; o++)
                    loss += AddGradients(_slots[at + i], _slots[at + inputs + o], isPositive: o == 0);
            pairs += inputs;
            at += inputs + outputs;
        }
        return pairs == 0 ? 0 : loss / pairs;
    }

    // Words that do not count are as if they were not there: the reach goes beyond them.
    private int AddInputs(ReadOnlySpan<int> words, int place, int direction, int reach, ref SplitMix64 random)
    {
        var found = 0;
        for (var at = place + direction; found < reach && at >= 0 && at < words.Length && words[at] != TextCorpus.Break; at += direction)
        {
            if (!IsKept(words[at], ref random)) continue;
            _slots.Add(_in.SlotOf(words[at]));
            found++;
        }
        return found;
    }

    private int AddOutputs(int word, ref SplitMix64 random)
    {
        _slots.Add(_out.SlotOf(word));
        var outputs = 1;
        for (var i = 0; i < _options.Negatives; i++)
        {
            var negative = _negatives.Draw(ref random);
            if (negative == word) continue;
            _slots.Add(_out.SlotOf(negative));
            outputs++;
        }
        return outputs;
    }

    private double AddGradients(int input, int output, bool isPositive)
    {
        var from = _in.Row(input);
        var to = _out.Row(output);
        var fromGradient = _in.Gradient(input);
        var toGradient = _out.Gradient(output);
        var score = TensorPrimitives.Dot(from, to);
        var error = (float)Sigmoid.Of(score) - (isPositive ? 1 : 0);
        TensorPrimitives.MultiplyAdd(to, error, fromGradient, fromGradient);
        TensorPrimitives.MultiplyAdd(from, error, toGradient, toGradient);
        return Sigmoid.Loss(score, isPositive);
    }

    private bool IsKept(int word, ref SplitMix64 random) => _keep[word] >= 1 || random.NextUnit() < _keep[word];
}
