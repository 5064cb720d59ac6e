namespace OrleansPs.Training;

/// <summary>An array of bytes with dimensions, as an IDX file holds it: row-major, the last dimension fastest.</summary>
public sealed class IdxArray
{
    internal IdxArray(IReadOnlyList<int> shape, byte[] values)
    {
        Shape = shape;
        Values = values;
    }

    /// <summary>The dimensions, outermost first.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The elements, as many as the product of <see cref="Shape"/>.</summary>
    public ReadOnlyMemory<byte> Values { get; }
}
