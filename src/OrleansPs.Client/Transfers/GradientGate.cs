using OrleansPs.Core.Optimizers;

namespace OrleansPs.Client;

/// <summary>What happens to the gradients of one push call before anything is sent: the check for NaN and infinity, then clipping.</summary>
internal sealed class GradientGate(ModelSpec spec)
{
    /// <summary>Checks and clips.</summary>
    /// <returns>False if the call is to be skipped.</returns>
    /// <exception cref="NonFiniteGradientException">There is a NaN or an infinity, and the policy is to reject it.</exception>
    public bool Admit(TensorSet gradients)
    {
        if (spec.NonFinite != NonFinitePolicy.Accept && !IsFinite(gradients)) return false;
        Clip(gradients);
        return true;
    }

    /// <summary>What a call's gradients are multiplied by if it is below 1, by the sum of their squares: as PyTorch's <c>clip_grad_norm_</c>.</summary>
    internal static double FactorOf(GradientClipping clipping, double squares) => clipping.Limit / (Math.Sqrt(squares) + 1e-6);

    private bool IsFinite(TensorSet gradients)
    {
        for (var i = 0; i < gradients.Count; i++)
        {
            var (name, gradient) = gradients[i];
            var index = GradientMath.IndexOfNonFinite(gradient.Span);
            if (index < 0) continue;
            return spec.NonFinite == NonFinitePolicy.Skip
                ? false
                : throw new NonFiniteGradientException(name, index, gradient.Span[index]);
        }
        return true;
    }

    private void Clip(TensorSet gradients)
    {
        switch (spec.Clipping.Mode)
        {
            case ClippingMode.Value:
                for (var i = 0; i < gradients.Count; i++)
                    GradientMath.Clamp(gradients[i].Value.Span, (float)spec.Clipping.Limit);
                break;
            case ClippingMode.GlobalNorm:
                ClipByGlobalNorm(gradients);
                break;
        }
    }

    // The norm is over all parameters of the call, frozen ones too; it is summed in the order of the set.
    private void ClipByGlobalNorm(TensorSet gradients)
    {
        var squares = 0.0;
        for (var i = 0; i < gradients.Count; i++) squares += GradientMath.SumOfSquares(gradients[i].Value.Span);
        var factor = FactorOf(spec.Clipping, squares);
        if (factor >= 1) return;
        for (var i = 0; i < gradients.Count; i++) GradientMath.Scale(gradients[i].Value.Span, (float)factor);
    }
}
