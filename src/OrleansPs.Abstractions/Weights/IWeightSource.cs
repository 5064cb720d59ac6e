namespace OrleansPs;

/// <summary>
/// Tensors by name that can be read piece by piece, such as a file of weights or a snapshot: where a model takes values from, and
/// what is written to a file. An embedding table is two tensors: <c>name.keys</c>, whole numbers, each once and in any order, and
/// <c>name.rows</c>, with a row of the table's width for each key.
/// </summary>
/// <remarks>One call at a time, unless an implementation says more.</remarks>
public interface IWeightSource
{
    /// <summary>What there is, in the order in which it is read fastest. Names are unique.</summary>
    IReadOnlyList<WeightTensor> Tensors { get; }

    /// <summary>Reads a piece of a tensor, its elements in row-major order, as float32 whatever its type is.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="start">The first element, from 0.</param>
    /// <param name="destination">Where to; its length says how many elements, all of which the tensor has.</param>
    /// <param name="cancellationToken">Ends the wait; the destination may be partly written.</param>
    /// <exception cref="UnknownParameterException">There is no such tensor.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such piece.</exception>
    ValueTask ReadAsync(string tensor, long start, Memory<float> destination, CancellationToken cancellationToken = default);

    /// <summary>Reads a piece of a tensor of type <see cref="WeightType.Int64"/>, as the keys of an embedding table are.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="start">The first element, from 0.</param>
    /// <param name="destination">Where to; its length says how many elements, all of which the tensor has.</param>
    /// <param name="cancellationToken">Ends the wait; the destination may be partly written.</param>
    /// <exception cref="UnknownParameterException">There is no such tensor.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such piece.</exception>
    ValueTask ReadKeysAsync(string tensor, long start, Memory<long> destination, CancellationToken cancellationToken = default);
}

/// <summary>A tensor of an <see cref="IWeightSource"/>.</summary>
/// <remarks>The <c>==</c> of the record compares <paramref name="Shape"/> by reference.</remarks>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="Type">How its elements are kept.</param>
public sealed record WeightTensor(string Name, IReadOnlyList<long> Shape, WeightType Type = WeightType.Float32)
{
    /// <summary>The number of its elements.</summary>
    public long Length => Shape.Aggregate(1L, (length, dimension) => checked(length * dimension));

    /// <summary>The shape as text, such as <c>[784, 256]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>Whether every element has a float32 of the same value.</summary>
    public bool IsFloat => Type is WeightType.Float32 or WeightType.Float16 or WeightType.BFloat16;
}

/// <summary>How the elements of a tensor are kept.</summary>
public enum WeightType
{
    /// <summary>IEEE 754 single precision.</summary>
    Float32,

    /// <summary>IEEE 754 half precision; each has a float32 of the same value.</summary>
    Float16,

    /// <summary>The upper half of a float32.</summary>
    BFloat16,

    /// <summary>Whole numbers of 64 bits.</summary>
    Int64,

    /// <summary>Something else, which is not read.</summary>
    Other,
}

/// <summary>A snapshot whose parameters are read piece by piece; a model of its name need not exist.</summary>
public interface ISnapshotWeights : IWeightSource
{
    /// <summary>Which snapshot it is.</summary>
    SnapshotInfo Snapshot { get; }

    /// <summary>The spec of the model when it was taken.</summary>
    ModelSpec Spec { get; }
}
