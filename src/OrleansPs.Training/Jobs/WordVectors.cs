using System.Numerics.Tensors;

namespace OrleansPs.Training;

/// <summary>A vector for each word of a vocabulary.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class WordVectors
{
    private readonly float[] _unit;
    private readonly int _width;

    /// <summary>Makes them.</summary>
    /// <param name="vocabulary">The words.</param>
    /// <param name="width">Floats of a vector, >= 1.</param>
    /// <param name="vectors">The vectors, in the order of the words' numbers.</param>
    public WordVectors(Vocabulary vocabulary, int width, ReadOnlySpan<float> vectors)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (vectors.Length != vocabulary.Count * width)
            throw new ArgumentException($"There are {vectors.Length} floats for {vocabulary.Count} words of {width} each.", nameof(vectors));
        Vocabulary = vocabulary;
        _width = width;
        _unit = vectors.ToArray();
        for (var word = 0; word < vocabulary.Count; word++)
        {
            var vector = _unit.AsSpan(word * width, width);
            var norm = TensorPrimitives.Norm(vector);
            if (norm > 0) TensorPrimitives.Divide(vector, norm, vector);
        }
    }

    /// <summary>The words.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>The cosine of the angle between two words' vectors.</summary>
    /// <returns>-1 to 1; 0 if one of them is zero.</returns>
    public float Cosine(int one, int other) => TensorPrimitives.Dot(Unit(one), Unit(other));

    /// <summary>The words whose vectors point most nearly the same way as a word's, nearest first.</summary>
    /// <param name="word">The word's number.</param>
    /// <param name="count">How many, at most.</param>
    public IReadOnlyList<(int Word, float Cosine)> Nearest(int word, int count)
    {
        var nearest = new PriorityQueue<int, (float, int)>();
        for (var other = 0; other < Vocabulary.Count; other++)
        {
            if (other == word) continue;
            nearest.Enqueue(other, (Cosine(word, other), -other));
            if (nearest.Count > count) nearest.Dequeue();
        }
        var found = new (int, float)[nearest.Count];
        for (var i = found.Length - 1; i >= 0; i--) found[i] = (nearest.Peek(), Cosine(word, nearest.Dequeue()));
        return found;
    }

    internal static async Task<WordVectors> ReadAsync(
        IParameterReader reader, Vocabulary vocabulary, int width, CancellationToken cancellationToken)
    {
        var vectors = new float[vocabulary.Count * width];
        var keys = Enumerable.Range(0, vocabulary.Count).Select(word => (long)word).ToArray();
        await reader.ReadRowsAsync(SkipGram.In, width, keys, vectors, cancellationToken).ConfigureAwait(false);
        return new(vocabulary, width, vectors);
    }

    private ReadOnlySpan<float> Unit(int word) => _unit.AsSpan(word * _width, _width);
}
