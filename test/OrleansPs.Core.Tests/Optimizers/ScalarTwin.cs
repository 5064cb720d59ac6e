using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Tests.Optimizers;

/// <summary>The formulas of every optimizer once more, element by element in plain floats, in the documented order.</summary>
internal static class ScalarTwin
{
    public static void Step(Optimizer optimizer, TestState state, ReadOnlySpan<float> gradient, in UpdateContext update)
    {
        for (var i = 0; i < gradient.Length; i++) StepElement(optimizer, state, i, gradient[i], update);
    }

    private static void StepElement(Optimizer optimizer, TestState state, int i, float g, in UpdateContext update)
    {
        switch (optimizer)
        {
            case SgdOptimizer sgd: Sgd(sgd, state, i, g, update); break;
            case AdamOptimizer adam: Adam(adam, state, i, g, update); break;
            case AdagradOptimizer adagrad: Adagrad(adagrad, state, i, g, update); break;
            case RmsPropOptimizer rmsProp: RmsProp(rmsProp, state, i, g, update); break;
            case FtrlProximalOptimizer ftrl: FtrlProximal(ftrl, state, i, g, update); break;
            case SumOptimizer: state.Values[i] += g; break;
            case AssignOptimizer: state.Values[i] = g; break;
            default: throw new InvalidOperationException(optimizer.ToString());
        }
    }

    private static void Sgd(SgdOptimizer o, TestState state, int i, float g, in UpdateContext update)
    {
        var lr = (float)(o.Lr * update.LrFactor);
        var momentum = (float)o.Momentum;
        ref var w = ref state.Values[i];
        ref var b = ref state.Slot0[i];
        if (o.WeightDecay != 0) g += (float)o.WeightDecay * w;
        if (o.Momentum == 0)
        {
            w -= lr * g;
            return;
        }
        b = update.Count == 1 ? g : (momentum * b) + ((float)(1 - o.Dampening) * g);
        w -= lr * (o.Nesterov ? g + (momentum * b) : b);
    }

    private static void Adam(AdamOptimizer o, TestState state, int i, float g, in UpdateContext update)
    {
        var lr = o.Lr * update.LrFactor;
        ref var w = ref state.Values[i];
        ref var m = ref state.Slot0[i];
        ref var v = ref state.Slot1[i];
        if (o.Decoupled) w *= (float)(1 - (lr * o.WeightDecay));
        else if (o.WeightDecay != 0) g += (float)o.WeightDecay * w;
        m = ((float)o.Beta1 * m) + ((float)(1 - o.Beta1) * g);
        v = ((float)o.Beta2 * v) + ((float)(1 - o.Beta2) * g * g);
        var stepSize = (float)(lr / (1 - Math.Pow(o.Beta1, update.Count)));
        var root = MathF.Sqrt(v) / (float)Math.Sqrt(1 - Math.Pow(o.Beta2, update.Count));
        w -= stepSize * m / (root + (float)o.Eps);
    }

    private static void Adagrad(AdagradOptimizer o, TestState state, int i, float g, in UpdateContext update)
    {
        var lr = (float)(o.Lr * update.LrFactor / (1 + ((update.Count - 1) * o.LrDecay)));
        ref var w = ref state.Values[i];
        ref var s = ref state.Slot0[i];
        if (o.WeightDecay != 0) g += (float)o.WeightDecay * w;
        s += g * g;
        w -= lr * g / (MathF.Sqrt(s) + (float)o.Eps);
    }

    private static void RmsProp(RmsPropOptimizer o, TestState state, int i, float g, in UpdateContext update)
    {
        var (lr, alpha, share) = ((float)(o.Lr * update.LrFactor), (float)o.Alpha, (float)(1 - o.Alpha));
        ref var w = ref state.Values[i];
        ref var v = ref state.Slot0[i];
        ref var second = ref state.Slot1[i];
        if (o.WeightDecay != 0) g += (float)o.WeightDecay * w;
        v = (alpha * v) + (share * (g * g));
        var variance = v;
        if (o.Centered)
        {
            second = (alpha * second) + (share * g);
            variance -= second * second;
            if (variance < 0) variance = 0;
        }
        var root = MathF.Sqrt(variance) + (float)o.Eps;
        if (o.Momentum == 0)
        {
            w -= lr * g / root;
            return;
        }
        second = ((float)o.Momentum * second) + (g / root);
        w -= lr * second;
    }

    private static void FtrlProximal(FtrlProximalOptimizer o, TestState state, int i, float g, in UpdateContext update)
    {
        var (alpha, l1) = ((float)(o.Lr * update.LrFactor), (float)o.L1);
        ref var w = ref state.Values[i];
        ref var z = ref state.Slot0[i];
        ref var n = ref state.Slot1[i];
        if (o.WeightDecay != 0) g += (float)o.WeightDecay * w;
        n += g * g;
        var curvature = (((float)o.Beta + MathF.Sqrt(n)) / alpha) + (float)o.L2;
        z = w == 0 ? z + g : g - (w < 0 ? -l1 : l1) - (curvature * w);
        var step = w - (g / curvature);
        if ((w > 0 && step > 0) || (w < 0 && step < 0)) w = step;
        else w = MathF.Abs(z) <= l1 ? 0 : ((z < 0 ? -l1 : l1) - z) / curvature;
    }
}
