using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansPs.Core.Optimizers;

/// <summary>The L2 penalty: g + weight_decay w. Without weight decay g stays as it is, even where w is infinite.</summary>
internal readonly struct WeightDecay(float weightDecay)
{
    private readonly Vector<float> _weightDecay = new(weightDecay);
    private readonly bool _isOn = weightDecay != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> AddTo(Vector<float> gradient, Vector<float> value) =>
        _isOn ? gradient + (_weightDecay * value) : gradient;
}
