using OrleansPs.Core.Compression;

namespace OrleansPs.Client;

/// <summary>
/// What a parameter's pushes have left out so far, twice: as it was when the open step began, and as the step's pushes have made it. The second becomes the
/// first when the step is finished, and is given up when the step is done again: so nothing is lost or sent twice.
/// </summary>
internal sealed class Residual(int length)
{
    private float[] _kept = [];
    private float[] _open = [];

    /// <summary>Whether the open step has pushed.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>What it was when the step began; empty for zeros.</summary>
    public ReadOnlyMemory<float> Kept => _kept;

    /// <summary>Adds a gradient.</summary>
    /// <returns>All that is to be sent; what is left of it is the residual.</returns>
    public Span<float> Add(ReadOnlySpan<float> gradient)
    {
        if (_kept.Length == 0) _kept = new float[length];
        if (_open.Length == 0) _open = new float[length];
        ErrorFeedback.Add(IsOpen ? _open : _kept, gradient, _open);
        IsOpen = true;
        return _open;
    }

    /// <summary>The step is finished.</summary>
    public void Finish()
    {
        if (!IsOpen) return;
        (_kept, _open, IsOpen) = (_open, _kept, false);
    }

    /// <summary>The step is done again.</summary>
    public void Restart() => IsOpen = false;

    /// <summary>Goes on with another one; empty for zeros.</summary>
    public void Replace(float[] kept) => (_kept, IsOpen) = (kept, false);
}
