using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansPs.Training;

/// <summary>A matrix over somebody's memory, with strides: its transpose costs nothing.</summary>
internal readonly ref struct MatrixView
{
    private readonly ReadOnlySpan<float> _values;

    /// <summary>A row-major matrix.</summary>
    public MatrixView(ReadOnlySpan<float> values, int rows, int columns)
        : this(values[..(rows * columns)], rows, columns, columns, 1) { }

    private MatrixView(ReadOnlySpan<float> values, int rows, int columns, int rowStride, int columnStride)
    {
        _values = values;
        Rows = rows;
        Columns = columns;
        RowStride = rowStride;
        ColumnStride = columnStride;
    }

    public int Rows { get; }

    public int Columns { get; }

    public int RowStride { get; }

    public int ColumnStride { get; }

    public MatrixView Transposed => new(_values, Columns, Rows, ColumnStride, RowStride);

    /// <summary>All rows of some columns.</summary>
    public MatrixView Slice(int column, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(column + columns, Columns);
        return new(_values[(column * ColumnStride)..], Rows, columns, RowStride, ColumnStride);
    }

    /// <summary>A row's first element.</summary>
    public ref float At(int row) => ref Unsafe.Add(ref MemoryMarshal.GetReference(_values), row * RowStride);

    /// <summary>Copies part of a row.</summary>
    public void CopyRow(int row, int column, Span<float> target)
    {
        var values = _values[(row * RowStride + column * ColumnStride)..];
        if (ColumnStride == 1)
        {
            values[..target.Length].CopyTo(target);
            return;
        }
        for (var i = 0; i < target.Length; i++) target[i] = values[i * ColumnStride];
    }
}
